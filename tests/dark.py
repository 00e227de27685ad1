"""The dark theme for whoever has no JavaScript, out of Bootstrap's and ours: `make dark`.

With scripts an attribute of <html> chooses the theme. Without, nobody sets one: the same rules are
written once more for a page whose scripts never ran, and linked only there and only in the dark.
"""

import re
from pathlib import Path

STATIC = Path(__file__).parents[1] / "static"
SOURCES = [STATIC / "vendor" / "bootstrap-5.3.9" / "bootstrap.min.css"]
SOURCES += sorted((STATIC / "css").glob("*.css"))
WRITTEN = STATIC / "css" / "without-scripts" / "dark.css"
THEME = re.compile(r"""\[data-bs-theme=["']?dark["']?\]""")
RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
# Also stronger than what a page's own style sheet says of :root, such as the brand's.
NO_SCRIPTS = ":root:not(.js)"


def dark_rules(css: str) -> list[str]:
    """Those of the theme alone, for a page without it."""
    found = []
    for selectors, body in RULE.findall(COMMENT.sub("", css)):
        dark = [it.strip() for it in selectors.split(",") if THEME.match(it.strip())]
        if dark:
            said = ", ".join(THEME.sub(NO_SCRIPTS, it) for it in dark)
            found.append(f"{said} {{{body.rstrip()}}}")
    return found


def dark() -> str:
    rules = [rule for file in SOURCES for rule in dark_rules(file.read_text())]
    return "\n".join(["/* Made by `make dark`. */", *rules, ""])


if __name__ == "__main__":
    WRITTEN.parent.mkdir(exist_ok=True)
    WRITTEN.write_text(dark())
