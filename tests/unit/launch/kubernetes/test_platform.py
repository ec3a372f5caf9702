"""A driver on Kubernetes: it waits for store and data, publishes its status, and ends."""

import json
from dataclasses import replace

import pytest

from job.artifacts.experiment_file import experiment_names, load_experiment
from job.artifacts.markers import Markers, dump_marker
from job.artifacts.reported import note_reported
from job.config import loading
from job.config.schema import Config
from job.driver import StatusPublisher, drive
from job.errors import BadDataError, ConfigError, StopRequested, TemporaryError, UsageError
from job.experiment import run_one_stage
from job.keys import ExperimentKeys
from job.launch.kubernetes.client import Cluster
from job.launch.kubernetes.control import read_status
from job.launch.kubernetes.platform import KubernetesPlatform
from job.plan import Plan
from job.progress import Phase, States, Status, dump_status
from job.report.build import update_report
from job.standing import Progress
from job.storage.local import LocalStore
from job.whole import WholeRef
from tests.conftest import FinishedState
from tests.outputs import is_output
from tests.unit.launch.kubernetes.conftest import Release, ref_of
from tests.unit.launch.kubernetes.double import scenarios
from tests.unit.launch.kubernetes.double import transport as faults
from tests.unit.launch.kubernetes.double.scenarios import (
    SECRET_MISSING,
    Answer,
    Attempt,
    Outlived,
    Running,
    Unschedulable,
)
from tests.unit.report.sketch import sketch

INGEST = "al-voc-ingest-12345678"


@pytest.fixture
def real(release: Release, tiny: str) -> Release:
    """A release whose pods really run the stages, in this process."""
    release.config = loading.parse(tiny, "tiny").model_copy(update={"rounds": 2})

    def work(attempt: Attempt) -> Answer:
        ref, partition = ref_of(attempt.arguments)
        plan = Plan(load_experiment(release.store, "tiny"))
        if isinstance(ref.round, WholeRef):
            update_report(release.store, plan, light=True, draw=sketch)
            note_reported(release.store, "tiny", ref.round.of)
            return 0
        release.ran.append((ref, partition))
        run_one_stage(release.store, plan, ref, partition)
        return 0

    release.double.controller.behaviour = work
    return release


@pytest.fixture
def simple(release: Release) -> Release:
    """A release whose pods write markers and nothing else."""
    return release


def run(release: Release, config: Config | None = None) -> int:
    platform = KubernetesPlatform(release.launch, release.cluster)
    return drive(release.store, config or release.config, platform)


def published(release: Release) -> Status:
    """Return the status in the ConfigMap, which equals the one in the store."""
    kept = json.loads(release.store.read(ExperimentKeys("tiny").status))
    status = read_status(release.cluster, "al-voc")
    assert kept == json.loads(dump_status(status))
    return status


@pytest.mark.slow
def test_an_experiment_ends_as_on_one_machine(
    real: Release, tiny: str, finished_state: FinishedState
) -> None:
    """It writes the same objects as a run in one process, and each stage runs once."""
    num_run = run(real)
    assert num_run == len(real.ran) == len(set(real.ran)) == 13
    alone = LocalStore(finished_state(tiny.replace("rounds: 3", "rounds: 2")))
    keys = alone.list("experiments/")
    compared = [key for key in keys if is_output(key) or key.endswith(".yaml")]
    assert len(compared) > 20
    for key in compared:
        assert real.store.read(key) == alone.read(key)
    status = published(real)
    assert status.driver is not None
    assert status.driver.phase == "finished"
    assert all(stage.state == "done" for each in status.rounds for stage in each.stages.values())
    page = real.store.read(ExperimentKeys("tiny").page).decode()
    assert "Learning curves" in page
    assert "first picks" not in page  # for these it would read the data set
    assert run(real) == 0


@pytest.mark.parametrize("fault", [faults.LOST, faults.INTERNAL_AFTER, faults.CONFLICT])
def test_a_status_that_cannot_be_published_is_not_a_failure(
    simple: Release, fault: faults.Fault
) -> None:
    """A ConfigMap that cannot be written is written later."""
    simple.double.plan = lambda request: fault if request.verb == "PATCH" else None
    assert run(simple) == 4


def test_a_refused_change_is_published(simple: Release) -> None:
    """The status names the setting that may not change, and nothing runs."""
    run(simple)
    train = simple.config.train.model_copy(update={"steps": 9})
    created = list(simple.double.created)
    with pytest.raises(ConfigError, match=r"train\.steps: 4 -> 9"):
        run(simple, simple.config.model_copy(update={"train": train}))
    status = published(simple)
    assert status.driver is not None
    assert status.driver.phase == "failed"
    assert "train.steps: 4 -> 9" in status.driver.message
    assert simple.double.created == created


def test_a_failed_stage_is_published(simple: Release) -> None:
    """The driver's message in the status is its error."""
    simple.behaviour = lambda _: 65
    with pytest.raises(BadDataError):
        run(simple)
    status = published(simple)
    assert status.driver is not None
    assert status.driver.phase == "failed"
    assert "seed 0 round 0 select failed" in status.driver.message


@pytest.fixture
def stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    """SIGTERM comes after the driver's second look at the cluster."""
    looks = iter([False, True])
    publish = StatusPublisher.publish_stages

    def stop(self: StatusPublisher, states: States) -> None:
        publish(self, states)
        if next(looks, False):
            message = "asked to stop"
            raise StopRequested(message)

    monkeypatch.setattr(StatusPublisher, "publish_stages", stop)


@pytest.mark.usefixtures("stopped")
def test_a_driver_that_is_stopped_leaves_the_stages(simple: Release) -> None:
    """Its phase says so, the next driver continues, and no stage runs twice."""
    work = simple.double.controller.behaviour
    simple.double.controller.behaviour = lambda _: Running()
    with pytest.raises(StopRequested):
        run(simple)
    status = published(simple)
    assert status.driver is not None
    assert status.driver.phase == "stopped"
    assert len(simple.double.world.jobs) == 1
    simple.double.controller.behaviour = work
    run(simple)
    assert len(simple.double.created) == len(simple.ran) == 5
    assert simple.double.created[-1] == "al-voc-tiny-report-1"


def test_the_report_is_a_job_of_its_own(simple: Release) -> None:
    """It is the last one, and is not written again while no stage is done again."""
    assert run(simple) == 4
    assert run(simple) == 0
    names = [name for name in simple.double.created if "report" in name]
    assert names == ["al-voc-tiny-report-1"]
    evaluated = simple.ref("evaluate")
    marker = Markers(simple.store).get(evaluated)
    assert marker
    simple.store.write(evaluated.done, dump_marker(replace(marker, digest="other")))
    assert run(simple) == 0
    names = [name for name in simple.double.created if "report" in name]
    assert names == ["al-voc-tiny-report-1"] * 2


def test_a_report_that_fails_is_told_as_such(simple: Release) -> None:
    """The driver ends with the report's own words, as with those of a stage."""
    work = simple.double.controller.behaviour
    simple.double.controller.behaviour = lambda attempt: (
        scenarios.OOM_KILLED if attempt.arguments[0] == "report" else work(attempt)
    )
    with pytest.raises(BadDataError, match="the report failed: OOMKilled"):
        run(simple)
    status = published(simple)
    assert status.driver is not None
    assert status.driver.phase == "failed"


@pytest.mark.usefixtures("stopped")
def test_the_store_alone_tells_what_runs(simple: Release) -> None:
    """Markers tell what is done, and the last published status tells what runs."""
    work = simple.double.controller.behaviour
    simple.double.controller.behaviour = lambda attempt: (
        work(attempt) if "select" in attempt.job["metadata"]["name"] else Running()
    )
    with pytest.raises(StopRequested):
        run(simple)
    status = Progress(simple.store, Plan(load_experiment(simple.store, "tiny"))).look()
    stages = status.rounds[0].stages
    assert {name: each.state for name, each in stages.items()} == {"select": "starting"}
    simple.double.tick(3)
    status = Progress(simple.store, Plan(load_experiment(simple.store, "tiny"))).look()
    assert status.rounds[0].stages["select"].state == "done"


# Data


def ingest_job(release: Release, behaviour: Answer) -> None:
    """Give the release an ingest Job."""
    labels = {"al-voc/release": "al-voc", "app.kubernetes.io/component": "ingest"}
    pod = {"containers": [{"name": "ingest", "image": "x"}], "restartPolicy": "Never"}
    release.cluster.create_job(
        {
            "metadata": {"name": INGEST, "labels": labels},
            "spec": {"template": {"metadata": {"labels": labels}, "spec": pod}, "backoffLimit": 0},
        }
    )
    work = release.double.controller.behaviour
    release.double.controller.behaviour = lambda attempt: (
        behaviour if attempt.job["metadata"]["name"] == INGEST else work(attempt)
    )


def test_the_driver_waits_until_the_data_set_is_ingested(
    simple: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It publishes why it waits, and draws no data while the ingest does."""
    answers: list[Answer] = [0, Running(), SECRET_MISSING]
    ingest_job(simple, 0)
    work = simple.double.controller.behaviour
    waited: list[bool] = []

    def behave(attempt: Attempt) -> Answer:
        if attempt.job["metadata"]["name"] != INGEST:
            return work(attempt)
        waited.append(bool(experiment_names(simple.store)))
        return answers.pop()

    simple.double.controller.behaviour = behave
    phases: list[str] = []
    publish = StatusPublisher.publish_phase

    def listen(self: StatusPublisher, phase: Phase, message: str = "") -> None:
        phases.append(message)
        publish(self, phase, message)

    monkeypatch.setattr(StatusPublisher, "publish_phase", listen)
    assert run(simple) == 4
    assert waited == [False] * 3
    secret = 'pending: CreateContainerConfigError: secret "missing" not found'
    assert f"for Job {INGEST} to ingest drawn ({secret})" in phases


def test_a_failed_ingest_ends_the_run(simple: Release) -> None:
    """The message names the log to read."""
    ingest_job(simple, 65)
    with pytest.raises(BadDataError, match=f"not ingested: see `kubectl logs job/{INGEST}`"):
        run(simple)


@pytest.mark.parametrize("code", [65, 75])
def test_an_ingest_that_failed_beside_a_sidecar_ends_the_run(simple: Release, code: int) -> None:
    """Its Job never ends and is never retried, since its pod lives on."""
    ingest_job(simple, Outlived(code))
    with pytest.raises(BadDataError, match=f"exit code {code}, but container vault-agent keeps"):
        run(simple)


def test_an_ingest_that_cannot_start_ends_the_run(simple: Release) -> None:
    """After the same time as a stage: nothing is pending forever."""
    simple.launch = simple.launch.model_copy(update={"pending_seconds": 0.05})
    ingest_job(simple, 0)
    simple.double.controller.behaviour = lambda _: Unschedulable("no room")
    with pytest.raises(ConfigError, match=f"Job {INGEST} to ingest drawn: no pod .*: no room"):
        run(simple)


def test_without_data_the_driver_says_what_is_missing(simple: Release) -> None:
    """Without an ingest there is nothing to wait for."""
    dataset = simple.config.dataset.model_copy(update={"synthetic": None})
    with pytest.raises(UsageError, match="drawn"):
        run(simple, simple.config.model_copy(update={"dataset": dataset}))


def test_a_store_that_comes_up_late_is_waited_for(
    simple: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The release's own store starts at the same time as the driver."""
    exists, failures = simple.store.exists, [1, 2, 3]

    def late(key: str) -> bool:
        if failures:
            failures.pop()
            message = "no answer yet"
            raise TemporaryError(message)
        return exists(key)

    monkeypatch.setattr(simple.store, "exists", late)
    assert run(simple) == 4


def test_the_same_namespace_of_another_cluster_is_another_place(release: Release) -> None:
    """So a second cluster on one bucket is told apart, though all names are equal."""
    here, there = (
        KubernetesPlatform(release.launch, Cluster(release.cluster._api, "al", name))  # noqa: SLF001 - any API
        for name in ("6f1c2a90", "0d95e7b1")
    )
    assert here.place == "namespace al of cluster 6f1c2a90"
    assert here.place != there.place
