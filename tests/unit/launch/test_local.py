"""The launcher that runs stages in this process."""

import pytest

from job import experiment
from job.artifacts.markers import Markers
from job.artifacts.moving import find_move, make_move
from job.errors import TemporaryError
from job.keys import RoundRef
from job.launch.local import LocalLauncher
from job.plan import Plan
from job.storage.memory import MemoryStore
from tests.growing import begin, grow


def test_no_stage_runs_on_a_version_that_the_experiment_was_moved_from() -> None:
    """Another command moves it during a run, which ends: the next one knows the new version."""
    store = MemoryStore()
    plan = experiment.init(store, Plan(begin(store)))
    launcher = LocalLauncher(store, plan, Markers(store))
    select = RoundRef("growing", 0, None, 0).stage("select")
    grow(store)
    make_move(store, plan, find_move(store, plan))
    launcher.start(select)
    with pytest.raises(TemporaryError, match=r"growing: it was moved .*; run the same command"):
        launcher.wait()
    assert list(store.list(select.prefix)) == []
    moved = experiment.init(store, Plan(begin(store)))
    launcher = LocalLauncher(store, moved, Markers(store))
    launcher.start(select)
    assert launcher.wait() == [select]
