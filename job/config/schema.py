"""The configuration of an experiment: one YAML file, whose unknown settings are refused.

The text under each field is its documentation: `docs/configuration.md` is made from it.
"""

import hashlib
import json
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    model_validator,
)
from pydantic_core import PydanticCustomError

from job.config.annotation import SETTINGS_OF_PEOPLE, AnnotationConfig
from job.config.budget import BudgetConfig
from job.config.dataset import DatasetConfig
from job.config.detector import DetectorConfig
from job.config.held_out import HeldOutConfig
from job.config.old_settings import with_first_names
from job.config.runtime import RuntimeConfig
from job.config.section import Section, UnitInterval
from job.config.tracking import TrackingConfig
from job.config.train import TrainConfig
from job.errors import UsageError
from job.keys import StageRef, check_name
from job.runtime.yaml_text import write_yaml

FULLY_SUPERVISED = "fully-supervised"
"""The name of the arm that labels the whole pool in its round 1."""
GROWS = frozenset({"seeds", "rounds", "full_supervision"})
"""Settings that may change in an experiment that has begun. New arms may be added, too."""


class ArmConfig(BaseModel):
    """A strategy: its name, and beside it the settings of its own."""

    model_config = ConfigDict(extra="allow", frozen=True, use_attribute_docstrings=True)

    strategy: str = "recommended"
    """The name of a strategy, from `docs/strategies.md`."""

    @model_validator(mode="before")
    @classmethod
    def _expect_settings(cls, content: Any) -> Any:
        if not isinstance(content, dict | ArmConfig):
            kind, message = "arm", "expected a mapping, such as {strategy: brust}"
            raise PydanticCustomError(kind, message)
        return content

    @property
    def settings(self) -> dict[str, Any]:
        """The settings of the strategy, as they are written in the file."""
        return dict(self.model_extra or {})


class ScoreConfig(Section):
    """The score record: what the detector sees in each image of the pool."""

    score_threshold: UnitInterval = 0.05
    """A box is kept if its most probable class has at least this probability."""
    nms_iou: UnitInterval = 0.45
    """Non-maximum suppression: a box that overlaps a better one of its class by more is dropped."""
    max_detections: PositiveInt = 100
    """At most this many boxes of an image are kept."""
    box_features: bool = False
    """Whether the record also has a feature vector for each box."""
    images_per_part: PositiveInt = 512
    """Images in one Parquet file of the record."""
    precision: Literal["float32", "bfloat16"] = "float32"
    """`bfloat16`: the network computes in bfloat16, which is faster on GPUs and newer CPUs.
    Probabilities then differ in the third digit, so near ties may be picked in another order."""
    input: Literal["resize", "training"] = "resize"
    """What the network sees of an image. `resize`: all of it. `training`: the image as augmented
    for training, which is a fault of the tutorial and for comparison only."""


class EvaluateConfig(Section):
    """The detections on the test set, of which average precision is computed."""

    score_threshold: UnitInterval = 0.01
    """A detection counts if its class has at least this probability."""
    nms_iou: UnitInterval = 0.45
    """Non-maximum suppression: a detection that overlaps a better one of its class by more is
    dropped."""
    max_detections: PositiveInt = 200
    """At most this many detections of an image count."""


class ReportConfig(Section):
    """What the report takes for large enough to matter."""

    smallest_effect: PositiveFloat = 1.0
    """The smallest effect of interest: the smallest difference in mAP that matters, in points
    (hundredths). Arms whose difference is shown to be smaller are called equal. It is fixed when
    the experiment begins, so that nobody chooses it by what came out."""


class Config(Section):
    """An experiment: a data set, arms and seeds."""

    experiment: str
    """The name of the experiment, in the store and in commands."""
    dataset: DatasetConfig
    test: HeldOutConfig | None = Field(None, exclude_if=lambda test: test is None)
    """The images that models are measured on. Unset: the test set of the data set."""
    seeds: Annotated[tuple[NonNegativeInt, ...], Field(min_length=1)] = (0,)
    """Each seed repeats the whole experiment. All arms of a seed share its round 0."""
    rounds: PositiveInt = 5
    """Number of rounds, round 0 included; with `budget.totals`, as many as there are totals."""
    budget: BudgetConfig = BudgetConfig()
    cold_start: ArmConfig = ArmConfig()
    """The strategy that selects round 0, when there are no scores yet."""
    arms: Annotated[dict[str, ArmConfig], Field(min_length=1)]
    """What is compared: a strategy with its settings for each arm, by the arm's name."""
    full_supervision: bool = False
    """Whether each seed also trains once on the whole pool, which no arm is expected to surpass.
    This is an arm of its own, `fully-supervised`: its round 1 labels all that round 0 left."""
    annotation: AnnotationConfig = AnnotationConfig()
    detector: DetectorConfig = DetectorConfig()
    train: TrainConfig = TrainConfig()
    score: ScoreConfig = ScoreConfig()
    evaluate: EvaluateConfig = EvaluateConfig()
    report: ReportConfig = ReportConfig()
    tracking: TrackingConfig | None = Field(None, exclude_if=lambda tracking: tracking is None)
    """Where its curves are shown while it runs, beside the report. Unset: nowhere."""
    runtime: RuntimeConfig = RuntimeConfig()

    @model_validator(mode="before")
    @classmethod
    def _count_totals(cls, content: Any) -> Any:
        """Let the number of rounds follow from `budget.totals`, if it is not written."""
        budget = content.get("budget") if isinstance(content, dict) else None
        totals = budget.get("totals") if isinstance(budget, dict) else None
        return {"rounds": len(totals), **content} if isinstance(totals, list) else content

    @model_validator(mode="after")
    def _check(self) -> Self:
        try:
            check_name("experiment", self.experiment)
            check_name("dataset.name", self.dataset.name)
            for arm in self.arms:
                check_name("arms", arm)
        except UsageError as error:
            raise ValueError(str(error)) from error
        if reserved := [arm for arm in self.arms if arm.startswith("round-")]:
            message = f"arms: {reserved[0]!r}: the names of rounds begin so; name it differently"
            raise ValueError(message)
        if FULLY_SUPERVISED in self.arms:
            message = f"arms: {FULLY_SUPERVISED!r} is the arm of full_supervision: set that to true"
            raise ValueError(message)
        if self.budget.totals and len(self.budget.totals) != self.rounds:
            message = f"rounds: {self.rounds}, but budget.totals has {len(self.budget.totals)}"
            raise ValueError(message)
        if not self.detector.is_pretrained:
            self._refuse_nothing_pretrained()
        if self.full_supervision and self.annotation.is_by_people:
            message = "full_supervision: people would have to label the whole pool: leave it out"
            raise ValueError(message)
        if len(set(self.seeds)) != len(self.seeds):
            message = f"seeds: {list(self.seeds)}: a seed is there twice"
            raise ValueError(message)
        return self

    def _refuse_nothing_pretrained(self) -> None:
        """Refuse settings of what is pretrained, where nothing is."""
        if self.train.freeze != "none":
            message = "train.freeze: a backbone from scratch has no weights worth keeping"
            raise ValueError(message)
        if self.train.pretrained_rate_factor < 1:
            message = "train.pretrained_rate_factor: a backbone from scratch is not pretrained"
            raise ValueError(message)

    def selection_of(self, arm: str | None) -> ArmConfig:
        """Return the strategy of an arm as it is configured; of None, the cold start's."""
        if arm is None:
            return self.cold_start
        return {**self.arms, FULLY_SUPERVISED: ArmConfig(strategy="random")}[arm]

    @property
    def test_sizes(self) -> tuple[int, ...]:
        """The size of each version of the test set that is drawn from the pool; empty: none is."""
        return self.test.sizes if self.test else ()

    def test_size_of(self, index: int) -> int:
        """Return how many images a round of the test set draws."""
        return self.test_sizes[index] - (self.test_sizes[index - 1] if index else 0)

    def to_yaml(self) -> str:
        """Return the configuration as YAML, with every default written out."""
        return write_yaml(self.model_dump(mode="json"))

    def stage_digest(self, stage: StageRef) -> str:
        """Return the SHA-256 of all that can change what a stage writes.

        What the configuration leaves unset does not count: a setting that a later version adds is
        not in a stored configuration, and its default changes nothing.
        `runtime` is left out, since an experiment may move to another machine, and `report` and
        `tracking`, which no stage reads. The other arms, the seeds, the number of rounds and full
        supervision are left out, since it may grow; so are the totals of later rounds. Of the data
        set's versions, only the one that the stage reads counts. The size of the test set counts
        for the stages that draw it and measure on it. Of annotation, the settings of people are
        left out, and if they are who annotates, all but that. A setting that was renamed counts
        under its first name.
        """
        left_out = dict.fromkeys((*GROWS, "runtime", "report", "tracking", "arms"), True)
        content = self.model_dump(
            mode="json",
            exclude={**left_out, "annotation": set(SETTINGS_OF_PEOPLE)},
            exclude_unset=True,
        )
        if self.annotation.is_by_people:
            content["annotation"] = {"annotator": "people"}
        if self.dataset.moves:
            del content["dataset"]["moves"]
            content["dataset"]["sha256"] = self.dataset.sha256_at(stage.data_round)
        if stage.round.is_test:
            del content["budget"]
        elif self.budget.totals:
            content["budget"]["totals"] = self.budget.totals[: stage.round.index + 1]
        if self.test_sizes:
            content["test"] = {"from": "pool", **self._test_sizes(stage)}
        content["arm"] = self.selection_of(stage.round.arm).model_dump(mode="json")
        text = json.dumps(with_first_names(content), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    def _test_sizes(self, stage: StageRef) -> dict[str, object]:
        """Return the sizes of the test set that can change what a stage writes."""
        if stage.round.is_test:
            return {"sizes": self.test_sizes[: stage.round.index + 1]}
        return {"sizes": self.test_sizes} if stage.stage == "evaluate" else {}
