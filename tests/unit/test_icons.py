"""An icon that was not picked would be a blank square, and nothing would say so."""

import pytest
from fontTools.ttLib import TTFont

from tests.icons import PICKED, named, offered, used


def test_what_is_named_was_picked_and_nothing_else():
    assert offered(PICKED / "icons.css").keys() == used(), "run `make icons`"


def test_the_font_has_a_glyph_for_each_and_no_more():
    points = {int(point, 16) for point in offered(PICKED / "icons.css").values()}
    assert set(TTFont(PICKED / "icons.woff2").getBestCmap()) == points
    assert (PICKED / "icons.woff2").stat().st_size < 20_000


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ('<i class="bi bi-send" aria-hidden="true">', {"send"}),
        ("<i class='bi bi-key'>", {"key"}),
        (
            """<i class="bi bi-{% if it.kind == 'LOOK' %}eye{% else %}send{% endif %}">""",
            {"eye", "send"},
        ),
        (
            '<i class="bi {% if a == "b" %}bi-sun{% else %}bi-moon{% endif %} small">',
            {"sun", "moon"},
        ),
        ('{% include "_empty.html" with icon="people" href=new %}', {"people"}),
        ("{{ icon|default:'inbox' }}", {"inbox"}),
        ('Fact(label, icon="funnel")', {"funnel"}),
        ('{"icon": "archive"}', {"archive"}),
    ],
)
def test_names_are_found_wherever_a_template_or_a_view_may_say_them(text, names):
    assert names <= named(text)
    assert not {"people", "search", "list"} & named(text) - names


def test_words_that_only_look_like_icons_are_not_picked():
    assert not named('<table class="table search"><a href="/list">people</a></table>')
