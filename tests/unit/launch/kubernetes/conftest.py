"""A release's launch settings, and a cluster whose pods leave what a stage leaves: its marker."""

import copy
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import pytest
import urllib3

from job import loop
from job.artifacts.experiment_file import load_experiment
from job.artifacts.markers import Marker, Markers, dump_marker
from job.artifacts.reported import note_reported
from job.config import loading
from job.config.schema import Config
from job.keys import REPORT, STAGES, ExperimentKeys, RoundRef, StageRef
from job.launch.kubernetes import client as kubernetes
from job.launch.kubernetes import started, warnings
from job.launch.kubernetes.client import Cluster
from job.launch.kubernetes.launcher import KubernetesLauncher
from job.launch.kubernetes.settings import LaunchConfig
from job.launch.observer import Observer
from job.plan import Plan
from job.progress import States
from job.runtime import retry
from job.storage.memory import MemoryStore
from job.whole import WholeRef
from tests.unit.launch.kubernetes.double.api import ApiDouble
from tests.unit.launch.kubernetes.double.scenarios import Answer, Attempt

TEMPLATE: dict[str, Any] = {
    "metadata": {"labels": {"team": "vision"}},
    "spec": {
        "template": {
            "metadata": {"labels": {"team": "vision"}},
            "spec": {
                "containers": [{"name": "stage", "image": "al-job:1", "env": []}],
                "serviceAccountName": "al-voc-stage",
            },
        }
    },
}


@pytest.fixture
def launch() -> LaunchConfig:
    """A short version of what the chart writes, with short waits."""
    return LaunchConfig.model_validate(
        {
            "release": "al-voc",
            "namespace": "default",
            "owner": "al-voc",
            "status": "al-voc-status",
            "maxParallel": 2,
            "pollSeconds": 0.001,
            "templates": {stage: copy.deepcopy(TEMPLATE) for stage in (*STAGES, REPORT)},
        }
    )


@pytest.fixture
def settings(tiny: str) -> Config:
    """An experiment of one arm and one round."""
    config = loading.parse(tiny, "tiny")
    return config.model_copy(update={"rounds": 1})


@pytest.fixture
def fast_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries that do not wait."""
    quick = urllib3.Retry(
        total=3,
        status_forcelist=kubernetes.retries().status_forcelist,
        allowed_methods=None,
        raise_on_status=False,
    )
    monkeypatch.setattr(kubernetes, "retries", lambda: quick)
    monkeypatch.setattr(retry, "SECONDS_BETWEEN_ATTEMPTS", 0.001)
    monkeypatch.setattr(started, "SECONDS_UNTIL_STILL", 0.0)
    monkeypatch.setattr(warnings, "SECONDS_BETWEEN_READS", 0.0)


def ref_of(arguments: list[str]) -> tuple[StageRef, tuple[int, int]]:
    """Return the stage and the partition that a pod's arguments mean."""
    options = dict(each.removeprefix("--").split("=") for each in arguments[1:])
    if arguments[0] == REPORT:
        return WholeRef.report(options["experiment"], options["of"]), (0, 1)
    index, _, count = options.get("partition", "0/1").partition("/")
    ref = RoundRef(
        options["experiment"], int(options["seed"]), options.get("arm"), int(options["round"])
    )
    return ref.stage(arguments[0]), (int(index), int(count))  # type: ignore[arg-type]


@dataclass
class Release:
    """A release in a simulated cluster, and the store that its stages write to."""

    launch: LaunchConfig
    config: Config
    double: ApiDouble
    cluster: Cluster
    store: MemoryStore = field(default_factory=MemoryStore)
    published: list[States] = field(default_factory=list)
    observer: Observer = field(default_factory=Observer)
    ran: list[tuple[StageRef, tuple[int, int]]] = field(default_factory=list)
    """Each process that did its work, in order."""
    behaviour: Callable[[Attempt], Answer | None] = lambda _: None
    """What becomes of a pod; None: it does its work."""

    def run_pod(self, attempt: Attempt) -> Answer:
        """Do what a driver sees of a stage: write the marker, or the partition's marker."""
        answer = self.behaviour(attempt)
        if answer is not None:
            return answer
        ref, partition = ref_of(attempt.arguments)
        self.ran.append((ref, partition))
        self.store.write(ref.partition_done(*partition), b"")
        if all(self.store.exists(ref.partition_done(i, partition[1])) for i in range(partition[1])):
            self.write_marker(ref)
        return 0

    def write_marker(self, ref: StageRef) -> None:
        """Make a stage done."""
        if isinstance(ref.round, WholeRef):
            note_reported(self.store, ref.round.experiment, ref.round.of)
            return
        has_begun = self.store.exists(ExperimentKeys(self.config.experiment).config)
        config = load_experiment(self.store, self.config.experiment) if has_begun else self.config
        digest = config.stage_digest(ref)
        marker = Marker({}, {}, "", digest, 1.0, "1", "", 1)
        self.store.write(ref.done, dump_marker(marker))

    def launcher(
        self,
        is_done: Callable[[StageRef], bool] | None = None,
        publish: Callable[[States], None] | None = None,
    ) -> KubernetesLauncher:
        """Return a launcher as a driver that has just started makes it."""
        return KubernetesLauncher(
            self.store,
            Plan(self.config),
            self.launch,
            self.cluster,
            is_done=is_done or self.is_done,
            publish=publish or self.published.append,
            observer=self.observer,
        )

    def is_done(self, ref: StageRef) -> bool:
        """Whether a stage's marker is there."""
        return Markers(self.store).is_done(ref, self.config)

    def run(self) -> int:
        """Run the loop, and return the number of stages that it ran."""
        return loop.run(Plan(self.config), self.launcher(), self.is_done)

    def ref(self, stage: str) -> StageRef:
        """Return a stage of round 0."""
        return RoundRef(self.config.experiment, 0, None, 0).stage(stage)  # type: ignore[arg-type]

    def do_until(self, stage: str) -> None:
        """Make the stages of round 0 before this one done."""
        for name in STAGES[: STAGES.index(stage)]:
            self.write_marker(self.ref(name))


@pytest.fixture
def release(launch: LaunchConfig, settings: Config, fast_retries: None) -> Iterator[Release]:  # noqa: ARG001 - it has to come before
    """A release whose pods do their work."""
    double = ApiDouble()
    with closing(double.client(kubernetes.retries())) as api:
        double.add_config_map("al-voc")
        double.add_config_map("al-voc-status")
        made = Release(launch, settings, double, Cluster(api, "default"))
        double.controller.behaviour = made.run_pod
        yield made
