"""The distributor's stand-in: a real HTTP server with a memory of its own."""

from customers.sandbox.server import Sandbox

__all__ = ["Sandbox"]
