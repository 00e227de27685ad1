"""Measurements with real processes: `make bench-...` prints a table."""
