"""The reseller's colour and logo on the public pages; contrast is kept whatever the colour."""

from pathlib import Path

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

Colour = tuple[float, float, float]

WHITE: Colour = (1.0, 1.0, 1.0)
# What links and buttons stand on, see app.css.
LIGHT_GROUND, DARK_GROUND = "#f6f7f9", "#1a1e24"
ENOUGH = 4.5  # to 1, as WCAG asks of text
TYPES = {".svg": "image/svg+xml", ".png": "image/png", ".webp": "image/webp"}


def parsed(text: str) -> Colour:
    red, green, blue = (int(text[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return red, green, blue


def written(colour: Colour) -> str:
    return "#" + "".join(f"{round(part * 255):02x}" for part in colour)


def luminance(colour: Colour) -> float:
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4  # noqa: PLR2004
        for part in colour
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: Colour, other: Colour) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def mixed(colour: Colour, other: Colour, share: float) -> Colour:
    red, green, blue = (a + (b - a) * share for a, b in zip(colour, other, strict=True))
    return red, green, blue


def readable(colour: Colour, *grounds: Colour, towards: Colour) -> Colour:
    """The nearest shade of it that can be read beside all the grounds."""
    for percent in range(101):
        shade = parsed(written(mixed(colour, towards, percent / 100)))
        if all(contrast(shade, ground) >= ENOUGH for ground in grounds):
            return shade
    return towards


def shades(colour: str) -> dict[str, str]:
    """What the style sheet needs of one colour, in both themes."""
    brand, black = parsed(colour), (0.0, 0.0, 0.0)
    button = readable(brand, WHITE, parsed(LIGHT_GROUND), towards=black)
    on_dark = readable(brand, parsed(DARK_GROUND), towards=WHITE)
    return {
        "button": written(button),
        "strong": written(mixed(button, black, 0.2)),
        "link_dark": written(on_dark),
        "link_dark_strong": written(mixed(on_dark, WHITE, 0.3)),
    }


@require_safe
@login_not_required
@cache_control(max_age=300, public=True)
def style(request: HttpRequest) -> HttpResponse:
    """A style sheet, since none may stand inside a page."""
    it = shades(settings.BRAND_COLOUR)
    dark = (
        f"--bs-link-color: {it['link_dark']}; "
        f"--bs-link-color-rgb: {_numbers(it['link_dark'])}; "
        f"--bs-link-hover-color: {it['link_dark_strong']}; "
        f"--bs-link-hover-color-rgb: {_numbers(it['link_dark_strong'])}; "
        f"--focus: {it['link_dark']};"
    )
    # Without scripts nobody names a theme: tests/dark.py.
    rules = (
        f':root, :root:not(.js), [data-bs-theme="dark"] {{ --accent: {it["button"]}; '
        f"--accent-strong: {it['strong']}; --bs-primary: {it['button']}; }}\n"
        f':root, [data-bs-theme="light"] {{ --bs-link-color: {it["button"]}; '
        f"--bs-link-color-rgb: {_numbers(it['button'])}; --bs-link-hover-color: {it['strong']}; "
        f"--bs-link-hover-color-rgb: {_numbers(it['strong'])}; --focus: {it['button']}; }}\n"
        f'[data-bs-theme="dark"] {{ {dark} }}\n'
        f"@media screen and (prefers-color-scheme: dark) {{ :root:not(.js) {{ {dark} }} }}\n"
    )
    return HttpResponse(rules, content_type="text/css; charset=utf-8")


def _numbers(colour: str) -> str:
    return ", ".join(str(int(colour[at : at + 2], 16)) for at in (1, 3, 5))


@require_safe
@login_not_required
@cache_control(max_age=300, public=True)
def logo(request: HttpRequest) -> HttpResponseBase:
    file = Path(settings.BRAND_LOGO)
    if not settings.BRAND_LOGO or file.suffix not in TYPES or not file.is_file():
        raise Http404
    return FileResponse(file.open("rb"), content_type=TYPES[file.suffix])
