"""The configuration of an experiment: one YAML file, frozen, unknown keys refused.

The text under each field is its documentation: `docs/configuration.md` is generated from it.
"""

import hashlib
import json
from typing import Annotated, Any, Literal, Self

import yaml
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

from job.config.runtime import RuntimeConfig
from job.config.section import Section, UnitInterval
from job.errors import UsageError
from job.keys import check_name

FULLY_SUPERVISED = "fully-supervised"
"""The arm that labels the whole pool in its round 1."""
GROWS = frozenset({"seeds", "rounds", "full_supervision"})
"""Sections that may change while an experiment goes on; so may `arms`, by new ones."""


class SyntheticConfig(Section):
    """A drawn data set: textured backgrounds, shapes of unequal frequency, scale and occlusion."""

    num_pool: PositiveInt = 400
    """Images of the pool."""
    num_test: PositiveInt = 200
    """Images of the test set."""
    size: Annotated[int, Field(ge=32)] = 96
    """Width and height of an image, in pixels."""
    seed: NonNegativeInt = 0
    """The seed from which every image is drawn."""


class DatasetConfig(Section):
    """The data set that the experiment draws from."""

    name: str
    """The name given to `al-job ingest`."""
    sha256: str | None = None
    """The digest of its `dataset.json`. Filled in when the experiment begins; a data set that is
    another by then is refused."""
    synthetic: SyntheticConfig | None = None
    """Where set, `al-job run` draws the data set first if the store does not hold it."""


class BudgetConfig(Section):
    """How many images are labelled."""

    initial: PositiveInt = 100
    """Images labelled in round 0."""
    per_round: PositiveInt = 50
    """Images labelled in each later round."""


class ArmConfig(BaseModel):
    """One way to select: the name of a strategy, and beside it that strategy's own settings."""

    model_config = ConfigDict(extra="allow", frozen=True, use_attribute_docstrings=True)

    strategy: str = "random"
    """A name from `docs/strategies.md`."""

    @property
    def settings(self) -> dict[str, Any]:
        """The strategy's own settings, as written in the file."""
        return dict(self.model_extra or {})


class AnnotationConfig(Section):
    """Who labels the picked images, and what that costs."""

    annotator: str = "oracle"
    """Who draws the boxes. `oracle` is the simulated annotator, who knows the data set's ground
    truth; packages may add others as entry points of the group `al_voc.annotators`."""
    seconds_per_image: NonNegativeFloat = 0.0
    """Seconds to open an image and look it over, whatever is in it."""
    seconds_per_box: NonNegativeFloat = 5.0
    """Seconds to draw one box. 5 is the tutorial's figure; Open Images reports 7.4."""
    price_per_image: NonNegativeFloat = 0.0
    """Money for an image, whatever is in it."""
    price_per_box: NonNegativeFloat = 0.07
    """Money for one box, in the currency of your choice. 0.07 is the tutorial's figure."""


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
    """Training on everything labelled so far, for a fixed number of steps."""

    init: Literal["backbone", "warm_start"] = "backbone"
    """What a later round starts from: the pretrained `backbone`, as round 0, or
    `warm_start`: the model of the previous round."""
    freeze_backbone: bool = False
    """Keep the pretrained backbone as it is, and train the rest. With tens or a few hundred images
    the detector is often better for it, and a step on a CPU takes half the time."""
    steps: PositiveInt = 2500
    """Optimizer steps of a round that starts afresh."""
    warm_start_steps: PositiveInt | None = None
    """Optimizer steps of a round that starts from the previous one; as `steps` where unset."""
    batch_size: PositiveInt = 16
    """Images in a step."""
    optimizer: Literal["sgd", "adamw"] = "sgd"
    """SGD with momentum, or AdamW."""
    learning_rate: PositiveFloat = 0.01
    """The highest rate of the schedule."""
    momentum: UnitInterval = 0.9
    """Momentum of SGD."""
    weight_decay: NonNegativeFloat = 5e-4
    """Decay of all weights but biases and normalisation."""
    schedule: Literal["cosine", "onecycle", "constant"] = "cosine"
    """How the rate falls after the warm-up."""
    warmup_steps: NonNegativeInt = 100
    """Steps over which the rate rises linearly; `onecycle` has its own rise and ignores it."""
    max_grad_norm: PositiveFloat | None = 10.0
    """The largest norm of the gradient; unset: no clipping."""
    ema_decay: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Decay of the exponential moving average of the weights that is kept as the model; 0: none."""
    augmentation: Literal["ssd", "flip", "none"] = "ssd"
    """SSD's photometric distortion, zoom-out, IoU crop and flip; the flip alone; or nothing."""
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    """`auto`: bfloat16 autocast on GPUs that have it, float32 elsewhere."""
    checkpoint_every_steps: PositiveInt = 500
    """Steps between checkpoints; at most these are lost when the process is killed."""


class ScoreConfig(Section):
    """The score record: what the detector sees in each unlabelled image."""

    score_threshold: UnitInterval = 0.05
    """A box is kept where its most probable class has at least this probability."""
    nms_iou: UnitInterval = 0.45
    """Boxes that overlap a better one of their class by more are dropped."""
    max_detections: PositiveInt = 100
    """The most boxes kept of an image."""
    box_features: bool = False
    """Also write a feature vector for each box."""
    images_per_part: PositiveInt = 512
    """Images in one Parquet part."""
    precision: Literal["float32", "bfloat16"] = "float32"
    """`bfloat16`: the network computes so, which GPUs and newer CPUs do faster. Probabilities then
    differ in the third digit, so near ties may be picked in another order."""
    input: Literal["resize", "training"] = "resize"
    """What the network sees of an image: all of it, resized; or `training`: the image as augmented
    for training, which is a fault of the tutorial and for comparison only."""


class EvaluateConfig(Section):
    """The detections on the test set that average precision is computed from."""

    score_threshold: UnitInterval = 0.01
    """A detection counts where its class has at least this probability."""
    nms_iou: UnitInterval = 0.45
    """Detections that overlap a better one of their class by more are dropped."""
    max_detections: PositiveInt = 200
    """The most detections kept of an image."""


class Config(Section):
    """An experiment: a data set, arms and seeds."""

    experiment: str
    """The experiment's name."""
    dataset: DatasetConfig
    seeds: Annotated[tuple[NonNegativeInt, ...], Field(min_length=1)] = (0,)
    """Each seed repeats the whole experiment; arms of one seed start from the same round 0."""
    rounds: PositiveInt = 5
    """Rounds, round 0 among them."""
    budget: BudgetConfig = BudgetConfig()
    cold_start: ArmConfig = ArmConfig()
    """How round 0 selects; there are no scores yet."""
    arms: Annotated[dict[str, ArmConfig], Field(min_length=1)]
    """What is compared: each arm is a strategy with its settings."""
    full_supervision: bool = False
    """Also train once for each seed on the whole pool: what no arm can be expected to pass. It is
    an arm of its own, `fully-supervised`, whose round 1 labels all that round 0 left."""
    annotation: AnnotationConfig = AnnotationConfig()
    detector: DetectorConfig = DetectorConfig()
    train: TrainConfig = TrainConfig()
    score: ScoreConfig = ScoreConfig()
    evaluate: EvaluateConfig = EvaluateConfig()
    runtime: RuntimeConfig = RuntimeConfig()

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
            message = f"arms: {reserved[0]!r} begins like the name of a round"
            raise ValueError(message)
        if FULLY_SUPERVISED in self.arms:
            message = (
                f"arms: {FULLY_SUPERVISED!r} is the name of the bound (full_supervision: true)"
            )
            raise ValueError(message)
        if self.train.freeze_backbone and self.detector.backbone == "scratch":
            message = "train.freeze_backbone: a backbone from scratch has learnt nothing to keep"
            raise ValueError(message)
        if len(set(self.seeds)) != len(self.seeds):
            message = f"seeds: {list(self.seeds)} has one twice"
            raise ValueError(message)
        return self

    def selection_of(self, arm: str | None) -> ArmConfig:
        """Return how an arm selects; without an arm, how round 0 does."""
        if arm is None:
            return self.cold_start
        return {**self.arms, FULLY_SUPERVISED: ArmConfig(strategy="random")}[arm]

    def to_yaml(self) -> str:
        """The configuration with every default written out."""
        return yaml.safe_dump(self.model_dump(mode="json"), sort_keys=False, allow_unicode=True)

    def stage_digest(self, arm: str | None) -> str:
        """SHA-256 of all that can change what a stage of `arm` writes.

        `runtime` is left out (an experiment may move to another machine), and so are the other
        arms, the bound, the list of seeds and the number of rounds (an experiment may grow).
        """
        content = self.model_dump(mode="json", exclude={*GROWS, "runtime", "arms"})
        content["arm"] = self.selection_of(arm).model_dump(mode="json")
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
