"""Whoever has no JavaScript gets the same dark theme; a rule that is left out would glare."""

from tests.dark import NO_SCRIPTS, WRITTEN, dark, dark_rules


def test_what_is_linked_holds_the_theme_as_it_is_now():
    assert WRITTEN.read_text() == dark(), "run `make dark`"


def test_bootstraps_rules_and_ours_are_among_it_and_no_other():
    assert "color-scheme:dark" in dark()
    assert "--ground: #12151a" in dark()
    assert "data-bs-theme" not in dark()
    assert dark_rules('a{color:red} [data-bs-theme="light"]{color:black}') == []


def test_a_rule_for_several_is_taken_for_the_dark_alone():
    css = '/* x */ :root, [data-bs-theme="dark"] .a, [data-bs-theme=dark] .b { color: red }'
    assert dark_rules(css) == [f"{NO_SCRIPTS} .a, {NO_SCRIPTS} .b {{ color: red}}"]
