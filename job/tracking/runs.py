"""What is shown: a run for each arm and seed, and one for each training.

A run is made of parts, which are written at once and never change: a round of a curve, or the whole
history of a training. A part is known by what its stages left, so nothing is written twice.
"""

import hashlib
import json
import math
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from job.artifacts.cost import Cost
from job.artifacts.reader import Reader
from job.keys import RoundRef, Stage
from job.plan import Arm, Plan

_SHOWN: tuple[Stage, ...] = ("annotate", "train", "evaluate")


@dataclass(frozen=True)
class Row:
    """Values at one point of the horizontal axis."""

    step: int
    """Labelled images of a curve, optimizer steps of a training."""
    values: Mapping[str, float]
    seconds: float | None = None
    """Since the beginning of the run; None: it is now."""


class Run(ABC):
    """Something with curves."""

    name: str
    """A path of names, alone in its experiment."""
    parent: "Run | None" = None
    """The run below which it is shown."""
    num_parts: int
    """Those that it has in the end."""

    @property
    @abstractmethod
    def about(self) -> dict[str, str]:
        """What distinguishes it from others, for a table of runs."""

    @abstractmethod
    def digest(self, reader: Reader, part: int) -> str | None:
        """Return what a part is known by; None while its stages are not done."""

    @abstractmethod
    def rows(self, reader: Reader, part: int) -> list[Row]:
        """Return what a part holds."""


class Curve(Run):
    """The rounds of an arm under a seed, against labelled images."""

    def __init__(self, plan: Plan, arm: Arm, refs: list[RoundRef]) -> None:
        self.name = f"{arm.name}/seed-{refs[0].own_seed}"
        self.num_parts = len(refs)
        self._arm = arm
        self._refs = refs
        self._config = plan.config

    @property
    def about(self) -> dict[str, str]:
        """The arm with its settings, and what all arms share."""
        selection = self._arm.selection
        return {
            "arm": self._arm.name,
            "seed": str(self._refs[0].own_seed),
            "strategy": selection.strategy,
            "settings": json.dumps(selection.settings),
            "dataset": self._config.dataset.name,
            "detector": self._config.detector.model,
        }

    def digest(self, reader: Reader, part: int) -> str | None:
        """Return what a round is known by, once it is labelled, trained and evaluated.

        One that was evaluated before the test set grew is not: a curve is of one test set.
        """
        stages = [self._refs[part].stage(stage) for stage in _SHOWN]
        markers = [marker for each in stages if (marker := reader.markers.get(each))]
        if len(markers) < len(stages):
            return None
        if markers[-1].config != self._config.stage_digest(stages[-1]):
            return None
        return hashlib.sha256(" ".join(each.digest for each in markers).encode()).hexdigest()

    def rows(self, reader: Reader, part: int) -> list[Row]:
        """Return the metrics of a round, what labelling took up to it, and what it picked."""
        ref = self._refs[part]
        metrics, cost = reader.metrics(ref), reader.cost(ref)
        values = {
            "map/iou50": metrics.map50_area,
            "map/iou50_11point": metrics.map50_11point,
            "map/coco": metrics.map_coco,
            "labelled/images": cost.labelled.images,
            "labelled/boxes": cost.labelled.boxes,
            "cost/hours": cost.cumulative.seconds / 3600,
            "cost/money": cost.cumulative.money,
            "seconds/train": reader.marker(ref.stage("train")).seconds,
            **_of_picks(cost.own),
        }
        known = {name: float(value) for name, value in values.items() if value is not None}
        return [Row(cost.labelled.images, known)]


def _of_picks(cost: Cost) -> dict[str, float]:
    """Return what a round picked: how many images, with how many boxes of how many classes."""
    if not cost.images:
        return {"picks/images": 0}
    shares = [count / cost.boxes for count in cost.class_counts.values() if count]
    return {
        "picks/images": cost.images,
        "picks/boxes_per_image": cost.boxes / cost.images,
        "picks/classes": len(shares),
        # The exponential of the entropy: of so many classes if all had equally many boxes.
        "picks/effective_classes": math.exp(-sum(p * math.log(p) for p in shares)) if shares else 0,
    }


class Training(Run):
    """A round's training, against optimizer steps."""

    num_parts = 1

    def __init__(self, ref: RoundRef, batch_size: int, parent: Run | None) -> None:
        place = f"round-{ref.index:03d}"
        seed = f"seed-{ref.own_seed}"
        self.name = f"{ref.arm}/{seed}/{place}" if ref.arm else f"{place}/{seed}"
        self.parent = parent
        self._ref = ref
        self._batch_size = batch_size

    @property
    def about(self) -> dict[str, str]:
        """Which training it is."""
        return {name: str(value) for name, value in self._ref.fields.items()}

    def digest(self, reader: Reader, part: int) -> str | None:  # noqa: ARG002 - it has one
        """Return what the training is known by."""
        marker = reader.markers.get(self._ref.stage("train"))
        return marker.digest if marker else None

    def rows(self, reader: Reader, part: int) -> list[Row]:  # noqa: ARG002 - it has one
        """Return the losses."""
        rows, seconds, before = [], 0.0, 0
        for each in reader.history(self._ref):
            seconds += (each.step - before) * self._batch_size / each.images_per_second
            before = each.step
            values = {
                "loss/total": each.loss,
                "loss/classification": each.classification_loss,
                "loss/boxes": each.bbox_loss,
                "train/learning_rate": each.learning_rate,
                "train/images_per_second": each.images_per_second,
            }
            rows.append(Row(each.step, values, seconds))
        return rows


def runs_of(plan: Plan) -> Iterator[Run]:
    """Yield what there is to show of an experiment, in the end; parents come first."""
    refs = defaultdict[tuple[int, str], list[RoundRef]](list)
    arms = {arm.name: arm for arm in plan.arms}
    for arm, ref in plan.rounds():
        refs[ref.own_seed, arm.name].append(ref)
    curves = {key: Curve(plan, arms[key[1]], own) for key, own in refs.items()}
    yield from curves.values()
    for ref in dict.fromkeys(ref for own in refs.values() for ref in own):
        parent = curves[ref.own_seed, ref.arm] if ref.arm else None
        yield Training(ref, plan.config.train.batch_size, parent)


class Sink(Protocol):
    """Something that shows runs."""

    @property
    def place(self) -> str:
        """Where they can be looked at, in words."""

    def put(self, run: Run, digests: list[str], reader: Reader) -> None:
        """Show these parts of a run, from its first one on. What is there already is left alone.

        Raises:
            AlJobError: That cannot be done now, or not at all.
        """
