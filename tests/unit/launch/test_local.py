"""The launcher that runs stages in this process."""

import pytest

from job import experiment
from job.artifacts.markers import Markers
from job.artifacts.moving import find_move, make_move
from job.errors import MissingLabelsError, TemporaryError
from job.keys import RoundRef
from job.launch.local import LocalLauncher
from job.plan import Plan
from job.storage.memory import MemoryStore
from tests.growing import begin, grow, label_picks
from tests.unit.launch.people import Passes, asking


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


# People


def test_while_people_label_all_else_runs(tiny: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other seed is done when the first one's labels are there, and nothing runs twice."""
    passes = Passes()
    passes.install(monkeypatch, "job.launch.people", "job.launch.local")
    annotate = RoundRef("tiny", 0, None, 0).stage("annotate")
    passes.scripts[annotate] = [6, 3]
    outcome = experiment.run(MemoryStore(), asking(tiny, "seeds: [0, 1]\n"))
    made = [ref for now, ref in passes.made if now == 0]
    assert {ref for ref in made if ref.round.seed == 1} == {
        ref for ref in outcome.plan.stages() if ref.round.seed == 1
    }
    assert [ref for ref in made if ref.round.seed == 0][:2] == [
        annotate.round.stage("select"),
        annotate,
    ]
    times = [now for now, ref in passes.made if ref == annotate]
    assert times == [0, 60, 120]
    assert len(passes.made) == len(list(outcome.plan.stages())) + 2


@pytest.mark.slow
def test_a_seed_without_labels_holds_up_no_other() -> None:
    """Each seed selects; then the run ends, because nothing is left but what people have to do."""
    store = MemoryStore()
    config = begin(store).model_copy(update={"seeds": (0, 1)})
    with pytest.raises(MissingLabelsError, match=r"^seed 0 round 0 annotate waits for people"):
        experiment.run(store, config)
    selects = [RoundRef("growing", seed, None, 0).stage("select") for seed in (0, 1)]
    assert all(store.exists(select.done) for select in selects)
    label_picks(store)
    with pytest.raises(MissingLabelsError, match=r"^seed 0 arm entropy round 1 annotate"):
        experiment.run(store, config)
