"""A plot as SVG, written by hand: lines over two logarithmic axes."""

from collections.abc import Mapping, Sequence
from math import ceil, floor, log10
from pathlib import Path
from xml.sax.saxutils import escape

WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT = 760, 420, 64, 48, 40, 216
COLORS = ("#0b5fa5", "#b04a00", "#2e7d32", "#7b3fa0", "#616161", "#a8124a")
STYLE = "font: 13px system-ui, sans-serif"

Points = Sequence[tuple[float, float]]


def write(path: Path, title: str, lines: Mapping[str, Points]) -> None:
    """A line each; dashed if its name ends with "floor"."""
    axes = _Axes([point for points in lines.values() for point in points])
    drawn = [axes.line(n, name, points) for n, (name, points) in enumerate(lines.items())]
    path.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="{escape(title)}" style="{STYLE}">\n'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>\n'
        f'<text x="{LEFT}" y="24" fill="#111">{escape(title)}</text>\n'
        + "\n".join([*axes.grid(), *drawn])
        + "\n</svg>\n"
    )


class _Axes:
    def __init__(self, points: Points) -> None:
        self.low, self.high = zip(
            *((floor(log10(min(it))), ceil(log10(max(it)))) for it in zip(*points, strict=True)),
            strict=True,
        )

    def at(self, x: float, y: float) -> tuple[float, float]:
        across, up = (
            (log10(value) - low) / max(1, high - low)
            for value, low, high in zip((x, y), self.low, self.high, strict=True)
        )
        return (
            LEFT + across * (WIDTH - LEFT - RIGHT),
            HEIGHT - BOTTOM - up * (HEIGHT - BOTTOM - TOP),
        )

    def grid(self) -> list[str]:
        """A line for each power of ten."""
        found = []
        for power in range(self.low[0], self.high[0] + 1):
            x, y = self.at(10**power, 10 ** self.low[1])
            found.append(f'<path d="M{x:.0f} {TOP}V{y:.0f}" stroke="#ddd"/>')
            found.append(
                f'<text x="{x:.0f}" y="{y + 20:.0f}" fill="#333" text-anchor="middle">'
                f"{10**power:,}</text>"
            )
        for power in range(self.low[1], self.high[1] + 1):
            x, y = self.at(10 ** self.low[0], 10**power)
            found.append(f'<path d="M{x:.0f} {y:.0f}H{WIDTH - RIGHT}" stroke="#ddd"/>')
            found.append(
                f'<text x="{x - 8:.0f}" y="{y + 4:.0f}" fill="#333" text-anchor="end">'
                f"{10**power:g} s</text>"
            )
        return found

    def line(self, number: int, name: str, points: Points) -> str:
        color = COLORS[number % len(COLORS)]
        places = [self.at(*point) for point in points]
        way = "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
        dashed = ' stroke-dasharray="5 4"' if name.endswith("floor") else ""
        key, y = WIDTH - RIGHT + 12, TOP + 12 + 20 * number
        return (
            f'<path d="M{way}" fill="none" stroke="{color}" stroke-width="2"{dashed}/>'
            f'<path d="M{key} {y - 4}h24" stroke="{color}" stroke-width="2"{dashed}/>'
            f'<text x="{key + 32}" y="{y}" fill="#111">{escape(name)}</text>'
        )
