"""Passes at the stage `annotate` whose ends a test says beforehand, and a clock of its own."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from job.artifacts import names
from job.artifacts.annotating import Annotating, Attention, dump_annotating
from job.artifacts.markers import Marker, dump_marker
from job.artifacts.stored_config import dump_config
from job.config import loading
from job.config.annotation import AnnotationConfig
from job.config.schema import Config
from job.errors import AnnotatingError
from job.keys import ExperimentKeys, StageRef
from job.plan import Plan
from job.storage import Store

LINK = "http://labels/projects/7"


def asking(tiny: str, more: str = "") -> Config:
    """Return the tiny experiment with people, who are looked at every 60 seconds."""
    return loading.parse(f"{tiny}annotation: {{annotator: files}}\n{more}", "tiny")


def begun(store: Store, config: Config) -> Store:
    """Return a store in which an experiment has begun, as far as whoever waits for people asks."""
    store.write(ExperimentKeys(config.experiment).config, dump_config(config))
    return store


def end(store: Store, config: Config, ref: StageRef) -> None:
    """Mark a stage as done."""
    marker = Marker({}, {}, "", config.stage_digest(ref), 1.0, "1", "", 1)
    store.write(ref.done, dump_marker(marker))


@dataclass
class Passes:
    """Stands in for `run_stage`: a stage ends as its script says, and then it is done."""

    scripts: dict[StageRef, list[int | Exception]] = field(default_factory=dict)
    """What each pass leaves open, or fails with; a stage without a script is done at once."""
    made: list[tuple[float, StageRef]] = field(default_factory=list)
    asked: list[AnnotationConfig] = field(default_factory=list)
    """The settings of each pass."""
    now: float = 0.0
    attention: tuple[Attention, ...] = ()

    def run_stage(self, store: Store, plan: Plan, ref: StageRef, *_: object, **__: object) -> None:
        """Make a pass."""
        self.made.append((self.now, ref))
        self.asked.append(plan.config.annotation)
        script = self.scripts.get(ref, [])
        if script:
            found = script.pop(0)
            if isinstance(found, Exception):
                raise found
            told = self.annotating(found)
            store.write(ref.key(names.ANNOTATING), dump_annotating(told))
            raise AnnotatingError(told.summary)
        end(store, plan.config, ref)

    def annotating(self, to_go: int) -> Annotating:
        """Return the state in which so many of 6 images are open."""
        now = datetime(2026, 11, 30, 12, tzinfo=UTC)
        return Annotating("Label Studio", LINK, 6, 6 - to_go, 0, now, now, self.attention)

    def install(self, monkeypatch: pytest.MonkeyPatch, *where: str) -> None:
        """Take the place of `run_stage` in these modules, and of the clock of waiting."""
        for module in where:
            monkeypatch.setattr(f"{module}.run_stage", self.run_stage)
        monkeypatch.setattr("job.launch.people.time.monotonic", lambda: self.now)
        monkeypatch.setattr("job.launch.people.Event", lambda: _Bell(self))


@dataclass
class _Bell:
    """An event whose waiting takes no time but that of the test's clock."""

    passes: Passes
    is_rung: bool = False

    def set(self) -> None:
        self.is_rung = True

    def is_set(self) -> bool:
        return self.is_rung

    def clear(self) -> None:
        self.is_rung = False

    def wait(self, seconds: float) -> None:
        if not self.is_rung:
            self.passes.now += seconds
