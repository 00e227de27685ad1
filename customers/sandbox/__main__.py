"""python -m customers.sandbox: the stand-in without Django."""

import argparse
from pathlib import Path

from customers.sandbox.command import add_arguments, run

if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m customers.sandbox")
    add_arguments(parser, data=Path("var/sandbox.sqlite3"))
    run(**vars(parser.parse_args()))
