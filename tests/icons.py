"""The icons that we show, picked out of Bootstrap's 2,000: `make icons` after using another one.

The whole font is 134 kB, most of what a phone would load; what is picked is some 5 kB.
"""

import re
from pathlib import Path

from fontTools import subset

ROOT = Path(__file__).parents[1]
WHOLE = ROOT / "static" / "vendor" / "bootstrap-icons-1.13.2"
PICKED = ROOT / "static" / "icons"
RULE = re.compile(r'\.bi-([a-z0-9-]+)::before\{content:"\\(f[0-9a-f]+)"\}')
TAG = re.compile(r"\{[%{#].*?[%}#]\}")
# Where a name may stand: in the classes of an icon, or given to a template that shows one.
CLASSES = re.compile(r"""class=(["'])([^"']*?\bbi\b[^"']*)\1""")
WHOLE_NAME = re.compile(r"\bbi-([a-z0-9-]+)")
GIVEN = re.compile(r"""\bicon["']?\s*(?:[=:]|\|default:)\s*["']([a-z0-9-]+)["']""")


def offered(css: Path) -> dict[str, str]:
    """The code points, by the icons' names."""
    return dict(RULE.findall(css.read_text()))


def named(text: str) -> set[str]:
    """Words that stand where an icon's name may stand, whether there is such an icon or not."""
    found = {*GIVEN.findall(text), *WHOLE_NAME.findall(text)}
    # In `bi-{% if … %}eye{% else %}send{% endif %}` a name is what is left between the tags.
    for _quote, classes in CLASSES.findall(TAG.sub(" ", text)):
        found |= {word.removeprefix("bi-") for word in re.split(r"[^a-z0-9-]+", classes)}
    return found


def used() -> set[str]:
    files = [
        *(ROOT / "templates").rglob("*.html"),
        *(ROOT / "customers").rglob("*.py"),
        *(ROOT / "static" / "js").glob("*.js"),
    ]
    names = set().union(*(named(file.read_text()) for file in files))
    return names & offered(WHOLE / "bootstrap-icons.min.css").keys()


def pick() -> None:
    """Write the rules and the glyphs of those that are used, and of no others."""
    points = offered(WHOLE / "bootstrap-icons.min.css")
    names = sorted(used())
    whole = (WHOLE / "bootstrap-icons.min.css").read_text()
    head = whole[: RULE.search(whole).start()].replace("fonts/bootstrap-icons.woff2", "icons.woff2")
    PICKED.mkdir(exist_ok=True)
    rules = "\n".join(f'.bi-{name}::before{{content:"\\{points[name]}"}}' for name in names)
    (PICKED / "icons.css").write_text(f"{head}\n{rules}\n")
    options = subset.Options(flavor="woff2", layout_features=[], hinting=False)
    font = subset.load_font(WHOLE / "fonts" / "bootstrap-icons.woff2", options)
    picker = subset.Subsetter(options)
    picker.populate(unicodes=[int(points[name], 16) for name in names])
    picker.subset(font)
    subset.save_font(font, PICKED / "icons.woff2", options)


if __name__ == "__main__":
    pick()
