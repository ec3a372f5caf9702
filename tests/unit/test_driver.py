"""The driver on a platform of the test's own: all that a second launcher has to bring is here."""

import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from structlog.testing import capture_logs

from job import experiment
from job.artifacts.holder import Holder, read_holder, write_holder
from job.artifacts.markers import Markers
from job.artifacts.moving import find_move, make_move
from job.artifacts.reported import note_reported
from job.artifacts.usage import Usage
from job.config import loading
from job.config.schema import Config
from job.driver import StatusPublisher, drive
from job.errors import (
    BadDataError,
    ConfigError,
    MissingLabelsError,
    StopRequested,
    TemporaryError,
)
from job.hold import Hold
from job.keys import STAGES, ExperimentKeys, RoundRef, StageRef
from job.launch.observer import JobEnd, Observer
from job.plan import Plan
from job.progress import NEEDS_LABELS, Phase, StageStatus, States, Status, parse_status
from job.stages import run_stage
from job.storage import Store
from job.storage.local import LocalStore
from job.storage.memory import MemoryStore
from job.whole import WholeRef
from tests.conftest import FinishedState
from tests.growing import begin, grow, label_picks
from tests.outputs import is_output, output_key
from tests.stores import filled


class LastFirst:
    """A launcher of two stages at a time, which runs the one that was started last."""

    def __init__(self, store: Store, plan: Plan, _: Markers | None = None) -> None:
        self._store = store
        self._plan = plan
        self.started: list[StageRef] = []

    def has_room(self, _: StageRef) -> bool:
        return len(self.started) < 2

    def start(self, ref: StageRef) -> None:
        self.started.append(ref)

    def wait(self) -> list[StageRef]:
        ref = self.started.pop()
        run_stage(self._store, self._plan, ref)
        return [ref]


@dataclass
class Laptop:
    """A platform whose ingest is `waits` looks behind."""

    release: str = "laptop"
    place: str = "a room"
    image: str = ""
    poll_seconds: float = 0.0
    waits: int = 0
    statuses: list[str] = field(default_factory=list)
    left: list[list[StageRef]] = field(default_factory=list)
    """The stages that still run at each look of a driver that has failed."""

    def ingest_state(self, dataset: str) -> str | None:
        self.waits -= 1
        return f"for somebody to ingest {dataset}" if self.waits >= 0 else None

    def running_stages(self) -> list[StageRef]:
        return self.left.pop(0) if self.left else []

    def launcher(
        self,
        store: Store,
        plan: Plan,
        is_done: Callable[[StageRef], bool],
        publish: Callable[[States], None],
        observer: Observer,
    ) -> LastFirst:
        class Told(LastFirst):
            def wait(self) -> list[StageRef]:
                publish({ref: StageStatus(state="running") for ref in self.started})
                if isinstance(whole := self.started[0].round, WholeRef):
                    report = self.started.pop()
                    note_reported(store, whole.experiment, whole.of)
                    return [report]
                finished = super().wait()
                assert all(is_done(ref) for ref in finished)
                for ref in finished:
                    end = JobEnd(ref, "job", 1, datetime.now(UTC), (), Usage(1, pod_seconds=2.0))
                    observer.job_ended(end)
                return finished

        return Told(store, plan)

    def publish(self, status: str) -> None:
        self.statuses.append(status)

    @property
    def phases(self) -> list[str]:
        """The phases that were published, without repetitions."""
        drivers = [parse_status(each).driver for each in self.statuses]
        return list(dict.fromkeys(each.phase for each in drivers if each))


def held(store: Store) -> Hold:
    """Return a hold on the experiment, which is this driver's."""
    hold = Hold(store, "tiny", Holder("laptop", "a room"))
    hold.is_mine = True
    return hold


def two_rounds(tiny: str) -> str:
    return tiny.replace("rounds: 3", "rounds: 2")


@pytest.fixture
def config(tiny: str) -> Config:
    """An experiment of two rounds."""
    return loading.parse(two_rounds(tiny), "tiny")


def results(store: Store) -> dict[str, bytes]:
    """Return what the stages of an experiment have written, without markers and logs."""
    return {key: store.read(key) for key in store.list("experiments/") if is_output(key)}


@pytest.mark.slow
def test_an_experiment_runs_with_a_launcher_from_outside(
    tiny: str, config: Config, finished_state: FinishedState
) -> None:
    """Any launcher gives the bytes that the package's own gives."""
    theirs = MemoryStore()
    ours = LocalStore(finished_state(two_rounds(tiny)))
    assert experiment.run(theirs, config, make_launcher=LastFirst).num_run == 13
    assert experiment.run(ours, config).num_run == 0
    assert len(results(ours)) > 20
    assert results(theirs) == results(ours)


@pytest.mark.slow
def test_a_driver_runs_on_a_platform_from_outside(config: Config) -> None:
    """It waits for the platform's ingest, and publishes the same status there and in the store."""
    store, platform = MemoryStore(), Laptop(waits=2)
    assert drive(store, config, platform) == 13
    assert platform.phases == ["waiting", "running", "finished"]
    status = store.read(ExperimentKeys("tiny").status).decode()
    assert status == platform.statuses[-1]
    first, last = (parse_status(each) for each in (platform.statuses[0], status))
    assert first.driver is not None
    assert first.driver.message == "for somebody to ingest drawn"
    assert first.driver.release == "laptop"
    assert all(stage.state == "done" for each in last.rounds for stage in each.stages.values())


def test_a_driver_says_that_the_store_does_not_answer(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever has named a wrong server learns it from the status, and not from a log alone."""
    outages = [TemporaryError("nothing answers at http://wrong:9000")] * 2

    class Away(MemoryStore):
        def read(self, key: str) -> bytes:
            if outages and key == ExperimentKeys("tiny").holder:
                raise outages.pop()
            return super().read(key)

    platform = Laptop()
    monkeypatch.setattr("job.runtime.retry.SECONDS_BETWEEN_ATTEMPTS", 0.0)
    monkeypatch.setattr("job.driver.loop.run", lambda *_: 0)
    drive(Away(), config, platform)
    first = parse_status(platform.statuses[0]).driver
    assert first is not None
    assert (first.phase, first.message) == ("waiting", "nothing answers at http://wrong:9000")
    assert platform.phases[-1] == "finished"


def test_a_status_that_cannot_be_written_does_not_end_the_run(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other place still gets it."""

    def refuse(*_: object) -> None:
        message = "away"
        raise TemporaryError(message)

    store, platform = MemoryStore(), Laptop()
    monkeypatch.setattr(platform, "publish", refuse)
    drive(store, config.model_copy(update={"rounds": 1}), platform)
    status = parse_status(store.read(ExperimentKeys("tiny").status))
    assert status.driver is not None
    assert status.driver.phase == "finished"


@pytest.mark.parametrize(
    ("error", "phase"), [(TemporaryError("away"), "stopped"), (BadDataError("broken"), "failed")]
)
def test_the_phase_says_whether_another_driver_helps(
    config: Config, monkeypatch: pytest.MonkeyPatch, error: Exception, phase: str
) -> None:
    """A temporary error stops the driver, any other fails it, and the message is the error's."""

    def fail(*_: object) -> None:
        raise error

    platform = Laptop()
    monkeypatch.setattr(platform, "ingest_state", fail)
    with pytest.raises(type(error)):
        drive(MemoryStore(), config, platform)
    status = parse_status(platform.statuses[-1])
    assert status.driver is not None
    assert (status.driver.phase, status.driver.message) == (phase, str(error))


def test_the_driver_loads_neither_torch_nor_a_platform() -> None:
    """It has to fit into 256 MiB, and who drives elsewhere needs no Kubernetes client.

    Nor does what it checks before it begins, such as the detector.
    """
    names = ("torch", "matplotlib", "kubernetes")
    code = (
        "import sys, job.driver\n"
        "from job.config import loading\n"
        "from job.registries import check_registries\n"
        "config = loading.load('quickstart')\n"
        "vgg = {'model': 'ssd_vgg16', 'size': 300, 'width': 1.0}\n"
        "vgg = config.detector.model_copy(update=vgg)\n"
        "for each in (config, config.model_copy(update={'detector': vgg})):\n"
        "    check_registries(each)\n"
        f"print([m for m in {names} if m in sys.modules])"
    )
    done = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_a_driver_logs_its_peak_memory(
    tiny: str, config: Config, finished_state: FinishedState
) -> None:
    """Its pod's limit can be held against it afterwards."""
    store = filled(MemoryStore(), LocalStore(finished_state(two_rounds(tiny))))
    with capture_logs() as lines:
        drive(store, config, Laptop())
    [peak] = [line["peak_mib"] for line in lines if line["event"] == "driver.memory"]
    assert 20 < peak < 100_000


def test_damaged_metrics_do_not_silence_the_driver(config: Config) -> None:
    """The other rounds are told, and that the driver has failed."""
    store, platform = MemoryStore(), Laptop()
    plan = Plan(config.model_copy(update={"rounds": 1}))
    experiment.run(store, plan.config)
    publisher = StatusPublisher(store, "tiny", platform, held(store))
    publisher.follow(plan)
    evaluate = RoundRef("tiny", 0, None, 0).stage("evaluate")
    store.write(output_key(store, evaluate, "metrics.json"), b"damaged")
    publisher.done.read(plan.stages(), plan.config)
    publisher.publish_phase("failed", "broken")
    assert platform.phases == ["failed"]
    assert store.exists(ExperimentKeys("tiny").status)


def test_a_driver_that_waits_for_people_says_so() -> None:
    """Its phase tells that nothing is broken, and the next driver continues after the labels."""
    store, platform = MemoryStore(), Laptop(waits=0)
    config = begin(store)
    with pytest.raises(MissingLabelsError):
        drive(store, config, platform)
    assert platform.phases[-1] == "needs labels"
    label_picks(store)
    with pytest.raises(MissingLabelsError, match="round 1 annotate waits for people"):
        drive(store, config, platform)


@pytest.mark.parametrize(
    ("states", "phase"),
    [
        (("annotating", "annotating"), "annotating"),
        (("annotating", "running"), "running"),
        (("needs labels", "annotating"), "annotating"),
        ((), "running"),
    ],
)
def test_a_driver_with_nothing_but_people_at_work_is_annotating(
    states: tuple[str, ...], phase: str
) -> None:
    """Whoever looks at it sees that no computer is waited for."""
    platform = Laptop()
    publisher = StatusPublisher(MemoryStore(), "tiny", platform, held(MemoryStore()))
    refs = [RoundRef("tiny", seed, None, 0).stage("annotate") for seed in range(len(states))]
    told = [StageStatus(state=state) for state in states]
    publisher.publish_stages(dict(zip(refs, told, strict=True)))
    assert platform.phases == [phase]


def test_a_driver_tells_the_moves_of_its_experiment() -> None:
    """They are in the stored configuration, and not in the one that it was started with."""
    store, platform = MemoryStore(), Laptop(waits=0)
    config = begin(store)
    plan = experiment.init(store, Plan(config))
    grow(store)
    make_move(store, plan, find_move(store, plan))
    with pytest.raises(MissingLabelsError):
        drive(store, config, platform)
    assert [move.version for move in parse_status(platform.statuses[-1]).moves] == [2]


def test_a_second_driver_is_told_whose_the_experiment_is(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It runs nothing, and its own platform alone has its status: the store's is the other's."""
    store, platform = MemoryStore(), Laptop()
    other = Holder("cloud", "another room", "there")
    write_holder(store, "tiny", other)
    monkeypatch.setattr(
        "job.hold.time.sleep", lambda _: write_holder(store, "tiny", other.next_beat())
    )
    with pytest.raises(ConfigError, match="is run by release cloud in another room") as caught:
        drive(store, config, platform)
    assert platform.phases == ["waiting", "failed"]
    last = parse_status(platform.statuses[-1]).driver
    assert last is not None
    assert last.message == str(caught.value)
    assert list(store.list("")) == [ExperimentKeys("tiny").holder]


def test_a_driver_ends_when_another_has_taken_its_experiment(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It starts nothing more, and leaves the status in the store to the other."""
    store, platform = MemoryStore(), Laptop()
    check = Hold.check

    def check_after_a_beat(self: Hold) -> None:
        write_holder(store, "tiny", Holder("cloud", "another room", "there"))
        self.beat()
        check(self)

    monkeypatch.setattr(Hold, "check", check_after_a_beat)
    with pytest.raises(ConfigError, match="is run by release cloud in another room"):
        drive(store, config, platform)
    assert platform.phases[-1] == "failed"
    assert not store.exists(ExperimentKeys("tiny").status)
    held_by = read_holder(store, "tiny")
    assert held_by is not None
    assert held_by.process == "there"


def fail(*_: object) -> None:
    """Be a platform whose ingest has failed."""
    message = "broken"
    raise BadDataError(message)


def test_a_driver_that_failed_holds_the_experiment_while_its_stages_run(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another one would start them once more. The status says what runs; observers hear once."""
    train = RoundRef("tiny", 0, None, 0).stage("train")
    store, platform, listener = MemoryStore(), Laptop(left=[[train], [train], []]), Listener()
    monkeypatch.setattr(platform, "ingest_state", fail)
    holders: list[Holder | None] = []
    monkeypatch.setattr(
        "job.driver.time.sleep", lambda _: holders.append(read_holder(store, "tiny"))
    )
    with pytest.raises(BadDataError, match="broken"):
        drive(store, config, platform, observers=[listener])
    assert [each.release for each in holders if each] == ["laptop", "laptop"]
    assert read_holder(store, "tiny") is None
    assert [each for each in listener.heard if "broken" in each] == ["failed broken"]
    assert [each for each in listener.heard if "look" in each] == [
        f"look at {n}" for n in (1, 1, 0)
    ]
    told = [parse_status(each).rounds for each in platform.statuses]
    running = [{name for each in rounds for name in each.stages} for rounds in told]
    assert running == [set(), {"train"}, set()]


def test_a_driver_that_failed_takes_nothing_back_from_a_later_one(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It looks whose the experiment is before each look at the platform, and ends."""
    store, train = MemoryStore(), RoundRef("tiny", 0, None, 0).stage("train")
    platform = Laptop(left=[[train], [train], []])
    monkeypatch.setattr(platform, "ingest_state", fail)
    later = Holder("laptop", "a room", "later")
    monkeypatch.setattr("job.driver.time.sleep", lambda _: write_holder(store, "tiny", later))
    with pytest.raises(BadDataError, match="broken"):
        drive(store, config, platform)
    assert len(platform.left) == 2
    held_by = read_holder(store, "tiny")
    assert held_by is not None
    assert held_by.process == "later"


def test_the_stage_that_failed_stays_in_the_status(config: Config) -> None:
    """So does one that waits for people: who looks after the end finds both in their rounds."""
    store, platform, listener = MemoryStore(), Laptop(), Listener()
    publisher = StatusPublisher(store, "tiny", platform, held(store), [listener])
    publisher.follow(Plan(config.model_copy(update={"seeds": (0, 1, 2)})))
    rounds = [RoundRef("tiny", seed, None, 0) for seed in (0, 1, 2)]
    failed, asked, running = (each.stage("annotate") for each in rounds)
    states = {failed: "failed", asked: NEEDS_LABELS, running: "running"}
    publisher.publish_stages({ref: StageStatus(state=state) for ref, state in states.items()})
    publisher.publish_left("failed", "broken", [running, WholeRef.report("tiny")])
    publisher.publish_left("failed", "broken", [])
    told = [
        {each.seed: each.stages["annotate"].state for each in status.rounds if each.stages}
        for status in map(parse_status, platform.statuses[-2:])
    ]
    rest = {0: "failed", 1: NEEDS_LABELS}
    assert told == [rest | {2: "running"}, rest]
    looks = [each for each in listener.heard if each.startswith("look")]
    assert looks == ["look at 3", "look at 1", "look at 0"]  # what has ended is not counted


@pytest.mark.parametrize("end", [StopRequested(), TemporaryError("away")])
def test_a_driver_that_failed_and_is_stopped_ends_with_its_failure(
    config: Config, monkeypatch: pytest.MonkeyPatch, end: BaseException
) -> None:
    """It is not started again, and what it holds stays held: its stages run."""
    store = MemoryStore()
    train = RoundRef("tiny", 0, None, 0).stage("train")
    platform = Laptop(left=[[train], [train]])
    monkeypatch.setattr(platform, "ingest_state", fail)

    def stop(_: float) -> None:
        raise end

    monkeypatch.setattr("job.driver.time.sleep", stop)
    with pytest.raises(BadDataError, match="broken"):
        drive(store, config, platform)
    assert read_holder(store, "tiny") is not None


class Listener(Observer):
    """Writes down what it is told."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def phase_changed(self, phase: Phase, message: str) -> None:
        self.heard.append(f"{phase} {message}".strip())

    def looked(self, states: States) -> None:
        self.heard.append(f"look at {len(states)}")

    def told(self, status: Status) -> None:
        self.heard.append(f"{len(status.rounds)} rounds")

    def job_ended(self, end: JobEnd) -> None:
        self.heard.append(f"end of {end.ref.stage}")


def test_observers_are_told_what_changes(config: Config) -> None:
    """Phases once each, every look, every Job that ended, and what is published."""
    listener = Listener()
    drive(MemoryStore(), config, Laptop(waits=1), observers=[listener])
    heard = Counter(listener.heard)
    assert "waiting for somebody to ingest drawn" in listener.heard[:2]
    assert heard["running"] == heard["finished"] == 1
    assert heard["look at 1"] + heard["look at 2"] == 14  # the report's is one of them
    assert sum(heard[f"end of {stage}"] for stage in STAGES) == 13
    assert any(each.endswith("rounds") for each in heard)


def test_the_status_sums_up_what_jobs_took(config: Config) -> None:
    """By kind of stage, and a later driver counts what earlier ones have."""
    store, platform = MemoryStore(), Laptop()
    drive(store, config, platform)
    status = parse_status(platform.statuses[-1])
    stages = Counter[str](ref.stage for ref in Plan(config).stages())
    paces = {stage: each.pace for stage, each in status.usage.items()}
    assert status.usage == {
        stage: Usage(number, pod_seconds=2.0 * number, pace=paces[stage])
        for stage, number in stages.items()
    }
    of_each = {stage: pace.images / stages[stage] for stage, pace in paces.items() if pace.images}
    assert of_each == {"train": 16, "evaluate": 6, "score": 24}
    later = Laptop()
    drive(store, config, later)
    assert parse_status(later.statuses[-1]).usage == status.usage
