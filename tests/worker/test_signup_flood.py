"""A flood of signups meets limits, and nobody at the distributor hears of it."""

import statistics

import pytest

from bench.signup import PROXY, flood, over, watching
from tests.installation import Visitor, installation

# The defaults, scaled with the flood: a tenth of a minute, a tenth of the forms.
LIMITS = {
    "SIGNUP_RATE": "2/h",
    "SIGNUP_RATE_NETWORK": "4/h",
    "SIGNUP_RATE_EMAIL": "1/h",
    "SIGNUP_RATE_ALL": "40/h",
}
POSTS, SECONDS = 150, 9


@pytest.fixture(scope="module")
def flooded(tmp_path_factory):
    with installation(tmp_path_factory.mktemp("flood"), **PROXY, **LIMITS) as running:
        manager = Visitor(running.url).sign_in(running.password)
        calls = running.calls()
        with watching(manager) as took:
            tries = flood(running, POSTS, SECONDS)
        assert "Sign out" in manager.open("/").words
        yield tries, took, calls, running.calls()


def test_the_limits_hold_and_are_used_up(flooded):
    tries, *_ = flooded
    most = over(tries, LIMITS)
    assert all(taken <= allowed for taken, allowed in most.values()), most
    # Else it was no flood.
    assert most["SIGNUP_RATE_ALL"] == (40, 40)
    assert most["SIGNUP_RATE"] == (2, 2)
    assert {it.status for it in tries} == {302, 429}


def test_the_distributor_hears_of_nobody_who_did_not_confirm(flooded):
    _tries, _took, before, after = flooded
    assert len(after) == len(before)


def test_the_console_goes_on_to_answer(flooded):
    _tries, took, *_ = flooded
    assert len(took) >= 10
    assert statistics.median(took) < 3  # Seconds, on a machine that has other things to do.
    assert max(took) < 30
