"""What a run does to its distributor between two hurts."""

from reseller.processes import Child
from tests.chaos.stage import Stage

STORM = {"seed": 7, "share": 0.3, "faults": [{"kind": "500"}]}


def test_a_sandbox_that_comes_again_brings_another_storm(tmp_path, monkeypatch):
    """Or what failed first would fail first each time, until nothing else is left."""
    told = []
    monkeypatch.setattr(Stage, "door", lambda _stage, *said: told.append(said))
    sandbox = Child("sandbox", ["true"], tmp_path / "sandbox.log")
    stage = Stage(installed=None, sandbox=sandbox, postgres=None, folder=tmp_path)

    stage.begin_storm(STORM)
    stage.restart(sandbox)
    stage.restart(sandbox)

    assert told == [("POST", "storm", STORM | {"seed": seed}) for seed in (7, 8, 9)]
