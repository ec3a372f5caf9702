"""An experiment is shown as it grows, and whatever cannot be shown ends no run."""

import pytest
from structlog.testing import capture_logs

from job import experiment
from job.artifacts.experiment_file import load_experiment
from job.artifacts.reader import Reader
from job.config import loading
from job.config.tracking import TrackingConfig
from job.errors import TemporaryError
from job.keys import RoundRef
from job.plan import Plan
from job.stages import run_stage
from job.storage.local import LocalStore
from job.storage.memory import MemoryStore
from job.tracking.runs import Run
from job.tracking.tracker import Tracker, trackers_of
from tests.conftest import FinishedState
from tests.stores import filled
from tests.unit.tracking.conftest import Shown


@pytest.fixture
def store(tiny: str, finished_state: FinishedState) -> MemoryStore:
    """A finished experiment of three rounds."""
    return filled(MemoryStore(), LocalStore(finished_state(tiny)))


def test_what_is_done_is_shown_once(store: MemoryStore) -> None:
    """The evaluation of the last round is missing at first, and then it is there."""
    last = RoundRef("tiny", 0, "brust", 2).stage("evaluate").done
    marker = store.read(last)
    store.delete(last)
    sink = Shown()
    tracker = Tracker(store, "tiny", sink)
    tracker.update()
    assert sink.parts == {
        "random/seed-0": 3,
        "brust/seed-0": 2,
        "round-000/seed-0": 1,
        "random/seed-0/round-001": 1,
        "random/seed-0/round-002": 1,
        "brust/seed-0/round-001": 1,
        "brust/seed-0/round-002": 1,
    }
    store.write(last, marker)
    sink.parts.clear()
    tracker.update()
    tracker.update()
    assert sink.parts == {"brust/seed-0": 3}


def test_a_round_is_shown_after_those_before_it(store: MemoryStore) -> None:
    """A curve is drawn from its beginning."""
    store.delete(RoundRef("tiny", 0, "brust", 1).stage("evaluate").done)
    sink = Shown()
    Tracker(store, "tiny", sink).update()
    assert sink.parts["brust/seed-0"] == 1


def test_a_curve_is_of_one_test_set(held_out: LocalStore, held_out_text: str) -> None:
    """After the test set has grown, a round counts when it is measured on all of it."""
    store, sink = filled(MemoryStore(), held_out), Shown()
    tracker = Tracker(store, "tiny", sink)
    tracker.update()
    assert sink.parts["random/seed-0"] == 2
    larger = loading.parse(held_out_text.replace("size: 5}", "size: 8}"), "tiny")
    plan = experiment.init(store, Plan(larger))
    sink.parts.clear()
    tracker.update()
    assert "random/seed-0" not in sink.parts
    for stage in ("select", "annotate"):
        run_stage(store, plan, RoundRef.of_test("tiny", 1).stage(stage))
    run_stage(store, plan, RoundRef("tiny", 0, None, 0).stage("evaluate"))
    tracker.update()
    assert sink.parts["random/seed-0"] == 1


def test_an_experiment_that_has_not_begun_shows_nothing() -> None:
    """A driver may still wait for the data set."""
    sink = Shown()
    Tracker(MemoryStore(), "tiny", sink).update()
    assert sink.parts == {}


def test_a_failure_is_logged_once_and_the_server_left_alone(store: MemoryStore) -> None:
    """Until five minutes have passed, or there is no later."""
    sink = Shown(TemporaryError("MLflow at http://a: is it up?"))
    tracker = Tracker(store, "tiny", sink)
    with capture_logs() as logs:
        tracker.try_update()
        tracker.try_update()
        assert sink.asked == 1
        tracker.try_update(is_last=True)
    assert sink.asked == 2
    reason = "MLflow at http://a: is it up?"
    assert logs == [{"event": "tracking.failed", "log_level": "warning", "reason": reason}]
    sink.error = None
    tracker.try_update(is_last=True)
    assert sink.parts["brust/seed-0"] == 3


def test_an_error_of_a_library_ends_no_run(store: MemoryStore) -> None:
    """Such as that of a full disk: it is logged by its name, and the server is asked again."""
    sink = Shown(OSError("no room"))
    with capture_logs() as logs:
        Tracker(store, "tiny", sink).try_update()
    assert [each["reason"] for each in logs] == ["OSError('no room')"]


def test_what_was_read_of_a_run_is_not_kept_for_the_next(store: MemoryStore) -> None:
    """The histories of all trainings of a study would take more memory than a driver has."""
    histories = []

    class Noting(Shown):
        def put(self, run: Run, digests: list[str], reader: Reader) -> None:
            super().put(run, digests, reader)
            histories.append(sum("/history" in key for key, _ in reader.parsed))

    Tracker(store, "tiny", Noting()).update()
    assert sorted(histories) == [0] * 2 + [1] * 5


def test_each_place_is_told_on_its_own(store: MemoryStore) -> None:
    """None is told unless the experiment says so."""
    assert trackers_of(store, "tiny", None) == []
    wanted = TrackingConfig(mlflow="http://mlflow.invalid:5000/", tensorboard=True)
    places = [tracker.sink.place for tracker in trackers_of(store, "tiny", wanted)]
    assert places[0] == "http://mlflow.invalid:5000"
    assert places[1].endswith("experiments/tiny/tensorboard")


@pytest.mark.parametrize("address", ["mlflow:5000", "http://ada:secret@mlflow", "file:///mlruns"])
def test_an_address_is_one_of_a_server_without_secrets(address: str) -> None:
    """Anything else is refused with the file."""
    with pytest.raises(ValueError, match="address"):
        TrackingConfig(mlflow=address)


def test_where_it_is_shown_changes_no_stage(store: MemoryStore) -> None:
    """So it may be added to an experiment that has begun, and the store keeps it."""
    begun = load_experiment(store, "tiny")
    now = begun.model_copy(update={"tracking": TrackingConfig(tensorboard=True)})
    for stage in Plan(begun).stages():
        assert now.stage_digest(stage) == begun.stage_digest(stage)
