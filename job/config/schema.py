"""The configuration of an experiment: one YAML file, whose unknown settings are refused.

The text under each field is its documentation: `docs/configuration.md` is made from it.
"""

import hashlib
import json
import math
from typing import Annotated, Any, Literal, Self, cast

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    model_validator,
)
from pydantic_core import PydanticCustomError

from job.config.annotation import AnnotationConfig
from job.config.budget import BudgetConfig
from job.config.dataset import DatasetConfig
from job.config.runtime import RuntimeConfig
from job.config.section import Section, UnitInterval
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

    strategy: str = "random"
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


class DetectorConfig(Section):
    """The detector, common to all arms."""

    model: str = "ssdlite_mobilenet_v2"
    """`ssdlite_mobilenet_v2` (SSDLite with MobileNetV2, the tutorial's), `ssd_vgg16` (SSD300 with
    VGG16), or the name of a detector from another package."""
    size: Annotated[int, Field(ge=64)] = 320
    """Side of the square image that the network sees, in pixels; `ssd_vgg16` takes 300 only."""
    width: PositiveFloat = 1.0
    """Width multiplier of MobileNetV2; torchvision has pretrained weights for 1.0 only."""
    backbone: str = "hub"
    """Where the backbone's weights come from: `hub` (torchvision's ImageNet weights, downloaded),
    `file:PATH`, `store:KEY` (`.safetensors` or a `.pt` state dict), or `scratch`. Of a `file:` only
    the path is recorded; of a `store:` object also the content."""

    @property
    def backbone_place(self) -> tuple[str, str]:
        """`backbone` as its kind (hub, file, store or scratch) and the path or key, if any."""
        kind, _, place = self.backbone.partition(":")
        return kind, place

    @model_validator(mode="after")
    def _check(self) -> Self:
        kind, colon, rest = self.backbone.partition(":")
        if not (kind in {"hub", "scratch"} and not colon) and not (
            kind in {"file", "store"} and rest
        ):
            message = f"backbone: {self.backbone!r} is none of hub, scratch, file:PATH, store:KEY"
            raise ValueError(message)
        return self


class TrainConfig(Section):
    """Training on all images that are labelled so far, for a number of steps or of epochs."""

    init: Literal["backbone", "warm_start"] = "backbone"
    """What training starts from after round 0. `backbone`: the pretrained backbone, as in round 0.
    `warm_start`: the model of the previous round."""
    freeze_backbone: bool = False
    """Whether the pretrained backbone stays as it is, and only the rest is trained. With tens or a
    few hundred images the detector is often better, and a step on a CPU takes half the time."""
    steps: PositiveInt | None = 2500
    """Optimizer steps of a training, however many images are labelled. If `epochs` is set, this is
    unset."""
    epochs: PositiveFloat | None = None
    """Passes over the labelled images, in place of `steps`, so that the steps grow with the images:
    images * `epochs` / `batch_size`, rounded up, and at least `min_steps`."""
    min_steps: PositiveInt = 300
    """At least this many optimizer steps if `epochs` is set, however few images are labelled."""
    warm_start_steps: PositiveInt | None = None
    """Optimizer steps of a training with a warm start. If it is unset, as many as without one."""
    batch_size: PositiveInt = 16
    """Images in an optimizer step."""
    optimizer: Literal["sgd", "adamw"] = "sgd"
    """Stochastic gradient descent with momentum, or AdamW."""
    learning_rate: PositiveFloat = 0.01
    """The highest learning rate of the schedule."""
    pretrained_rate_factor: Annotated[float, Field(gt=0, le=1)] = 1.0
    """Factor on the learning rate of all that comes from pretrained weights. 0.1 is usual: what
    they know is kept, and only the rest learns at the full rate."""
    momentum: UnitInterval = 0.9
    """Momentum of SGD."""
    weight_decay: NonNegativeFloat = 5e-4
    """Weight decay. Biases and normalisation layers are exempt."""
    schedule: Literal["cosine", "onecycle", "constant"] = "cosine"
    """How the learning rate falls after the warm-up."""
    warmup_steps: NonNegativeInt = 100
    """Steps in which the learning rate rises linearly. `onecycle` has a rise of its own instead."""
    max_grad_norm: PositiveFloat | None = 10.0
    """Gradient clipping: the largest norm of the gradient. If it is unset, nothing is clipped."""
    ema_decay: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Decay of the exponential moving average of the weights, which becomes the model. 0: the model
    has the weights of the last step."""
    augmentation: Literal["ssd", "flip", "none"] = "ssd"
    """`ssd`: photometric distortion, zoom-out, IoU crop and horizontal flip. `flip`: the horizontal
    flip alone."""
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    """`auto`: bfloat16 autocast on GPUs that support it, and float32 elsewhere."""
    checkpoint_every_steps: PositiveInt = 500
    """Steps between checkpoints. A training that is killed loses at most these."""

    @model_validator(mode="before")
    @classmethod
    def _replace_steps(cls, content: Any) -> Any:
        """Let `epochs` take the place of the default number of steps."""
        if isinstance(content, dict) and content.get("epochs") is not None:
            return {"steps": None} | content
        return content

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.steps and self.epochs:
            message = "epochs: steps is set, too; leave one of them out"
            raise ValueError(message)
        if not self.steps and not self.epochs:
            message = "steps: unset, and so is epochs; set one of them"
            raise ValueError(message)
        return self

    def num_steps(self, num_images: int, *, warm_start: bool = False) -> int:
        """Return the optimizer steps of a training on so many labelled images."""
        if warm_start and self.warm_start_steps:
            return self.warm_start_steps
        if self.epochs is None:
            return cast("int", self.steps)
        return max(self.min_steps, math.ceil(num_images * self.epochs / self.batch_size))


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


class Config(Section):
    """An experiment: a data set, arms and seeds."""

    experiment: str
    """The name of the experiment, in the store and in commands."""
    dataset: DatasetConfig
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
        if self.detector.backbone == "scratch":
            self._refuse_nothing_pretrained()
        if len(set(self.seeds)) != len(self.seeds):
            message = f"seeds: {list(self.seeds)}: a seed is there twice"
            raise ValueError(message)
        return self

    def _refuse_nothing_pretrained(self) -> None:
        """Refuse settings of what is pretrained, where nothing is."""
        if self.train.freeze_backbone:
            message = "train.freeze_backbone: a backbone from scratch has no weights worth keeping"
            raise ValueError(message)
        if self.train.pretrained_rate_factor < 1:
            message = "train.pretrained_rate_factor: a backbone from scratch is not pretrained"
            raise ValueError(message)

    def selection_of(self, arm: str | None) -> ArmConfig:
        """Return the strategy of an arm as it is configured; of None, the cold start's."""
        if arm is None:
            return self.cold_start
        return {**self.arms, FULLY_SUPERVISED: ArmConfig(strategy="random")}[arm]

    def to_yaml(self) -> str:
        """Return the configuration as YAML, with every default written out."""
        return write_yaml(self.model_dump(mode="json"))

    def stage_digest(self, stage: StageRef) -> str:
        """Return the SHA-256 of all that can change what a stage writes.

        What the configuration leaves unset does not count: a setting that a later version adds is
        not in a stored configuration, and its default changes nothing.
        `runtime` is left out, since an experiment may move to another machine. The other arms, the
        seeds, the number of rounds and full supervision are left out, since it may grow; so are
        the totals of later rounds. Of the data set's versions, only the one that the stage reads
        counts.
        """
        content = self.model_dump(
            mode="json", exclude={*GROWS, "runtime", "arms"}, exclude_unset=True
        )
        if self.dataset.moves:
            del content["dataset"]["moves"]
            content["dataset"]["sha256"] = self.dataset.sha256_at(stage.data_round)
        if self.budget.totals:
            content["budget"]["totals"] = self.budget.totals[: stage.round.index + 1]
        content["arm"] = self.selection_of(stage.round.arm).model_dump(mode="json")
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
