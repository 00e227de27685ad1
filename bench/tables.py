"""What a measurement prints: percentiles, tables, and the load under which it was made."""

import os
import time
from collections.abc import Sequence


def percentile(values: Sequence[float], part: float) -> float:
    """The smallest value that so many (0.99: 99 %) do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -(-int(len(ordered) * part * 1000) // 1000) - 1))]


def milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.2f} ms"


def print_table(title: str, head: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    cells = [list(head), *([str(cell) for cell in row] for row in rows)]
    widths = [max(len(row[n]) for row in cells) for n in range(len(head))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        for row in cells
    ]
    lines.insert(1, "  ".join("-" * width for width in widths))
    print(f"\n{title}", *lines, f"({load()})", sep="\n", flush=True)


def load() -> str:
    """So that a figure can be told from a machine that was busy with something else."""
    averages = " ".join(f"{it:.1f}" for it in os.getloadavg())
    return f"{time.strftime('%H:%M:%S')}, {os.cpu_count()} cores, load averages {averages}"
