"""manage.py under libfaketime: `python -m tests.elsewhen deliver`.

Left alone with the monotonic clock, as machines are whose wall clock is wrong, it refuses
clock_nanosleep, by which Python sleeps.
"""

import os
import select
import sys
import time

from django.core.management import execute_from_command_line


def sleep(seconds: float) -> None:
    select.select([], [], [], seconds)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "reseller.settings")
    time.sleep = sleep
    execute_from_command_line(sys.argv)
