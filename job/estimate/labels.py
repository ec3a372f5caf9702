"""What people draw in an experiment, or the oracle in their place."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from operator import add

from job.artifacts.cost import Cost
from job.artifacts.reader import Reader
from job.config.annotation import AnnotationConfig
from job.estimate.boxes import BoxCounts, Span
from job.estimate.workload import Workload
from job.keys import RoundRef, StageRef
from job.plan import Arm, Plan
from job.report.wording import counted


@dataclass(frozen=True)
class Labels:
    """Images that are labelled, and their boxes."""

    images: float
    images_done: float
    """Those of them that are labelled already."""
    boxes: Span | None
    """Of all of them. None: nobody knows."""

    def __add__(self, other: "Labels") -> "Labels":
        """Return both together."""
        boxes = self.boxes + other.boxes if self.boxes and other.boxes else None
        return Labels(self.images + other.images, self.images_done + other.images_done, boxes)

    def divided_by(self, number: int) -> "Labels":
        """Return the mean of so many that are together in this one."""
        boxes = self.boxes.map(lambda each: each / number) if self.boxes else None
        return Labels(self.images / number, self.images_done / number, boxes)

    def seconds(self, costs: AnnotationConfig) -> Span:
        """Return the seconds of annotation; of images alone, if nobody knows the boxes."""
        return (self.boxes or _NONE).map(lambda boxes: costs.seconds(self.images, boxes))

    def money(self, costs: AnnotationConfig) -> Span:
        """Return the price of it, likewise."""
        return (self.boxes or _NONE).map(lambda boxes: costs.money(self.images, boxes))


_NONE = Span.exactly(0)


class LabelOutlook:
    """The labels of an experiment: what is drawn, and what is expected of the rest."""

    def __init__(
        self,
        plan: Plan,
        workload: Workload,
        boxes: BoxCounts | None,
        done: Collection[StageRef],
        reader: Reader,
    ) -> None:
        """Keep what decides it.

        Args:
            plan: The experiment's.
            workload: Its rounds' images.
            boxes: By the data set; None: none of its images is labelled.
            done: The stages that are done.
            reader: Reads what labelling took where it is done.
        """
        self._plan, self._workload, self._boxes = plan, workload, boxes
        self._done, self._reader = done, reader

    def of_arm(self, arm: Arm) -> Labels:
        """Return what one seed of an arm labels, round 0 included; the mean over seeds."""
        seeds = self._plan.seeds
        parts = [self._of([self._first(seed), *self._own(arm, seed)]) for seed in seeds]
        return reduce(add, parts).divided_by(len(seeds))

    def of_all(self) -> Labels:
        """Return what all seeds and arms label; the arms of a seed share its round 0."""
        parts = [self._of([self._first(seed)]) for seed in self._plan.seeds]
        parts += [self._of(self._own(arm, s)) for arm in self._plan.arms for s in self._plan.seeds]
        return reduce(add, parts)

    def of_test(self) -> Labels | None:
        """Return the labels of a test set from the pool, which no arm's have a part of."""
        rounds = self._plan.test_rounds()
        return self._of(rounds) if rounds else None

    @cached_property
    def counts(self) -> BoxCounts | None:
        """The boxes of known images: by the data set, or else by the rounds that are labelled."""
        if self._boxes:
            return self._boxes
        rounds = [stage.round for stage in self._done if stage.stage == "annotate"]
        drawn = [cost for ref in rounds if (cost := self._drawn(ref)) and cost.images]
        # Only the mean of a round is known: each of its images counts as one of so many boxes.
        means = [cost.boxes / cost.images for cost in drawn for _ in range(cost.images)]
        return BoxCounts(means, counted(len(drawn), "labelled round")) if drawn else None

    def _of(self, rounds: Sequence[RoundRef]) -> Labels:
        """Return what some rounds of one seed label."""
        drawn = [cost for ref in rounds if (cost := self._drawn(ref))]
        to_draw = [ref for ref in rounds if self._drawn(ref) is None]
        images, boxes = sum(each.images for each in drawn), sum(each.boxes for each in drawn)
        known = Labels(images, images, Span.exactly(boxes))
        if not to_draw:
            return known
        left = sum(map(self._workload.picks, to_draw))
        every = self._workload.selectable(to_draw[-1].index)
        return known + Labels(left, 0, self.counts.of(left, every) if self.counts else None)

    def _drawn(self, ref: RoundRef) -> Cost | None:
        """Return what labelling took in a round, if that is done."""
        return self._reader.cost(ref).own if ref.stage("annotate") in self._done else None

    def _first(self, seed: int) -> RoundRef:
        return RoundRef(self._plan.config.experiment, seed, None, 0)

    def _own(self, arm: Arm, seed: int) -> list[RoundRef]:
        """Return an arm's own rounds."""
        name = self._plan.config.experiment
        return [RoundRef(name, seed, arm.name, index) for index in arm.rounds]
