"""The settings of training."""

import math
from typing import Annotated, Any, Literal, Self, cast

from pydantic import (
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    model_validator,
)

from job.config.section import Section, UnitInterval


class TrainConfig(Section):
    """Training on all images that are labelled so far, for a number of steps or of epochs."""

    init: Literal["backbone", "warm_start"] = "backbone"
    """What training starts from after round 0. `backbone`: the pretrained backbone, as in round 0.
    `warm_start`: the model of the previous round."""
    freeze: Literal["none", "stages", "backbone"] = "none"
    """What of the pretrained backbone stays as it is, in all rounds. `backbone`: all of it. With
    tens or a few hundred images the detector is often better, and a step on a CPU takes half the
    time. `stages`: its early stages, which see edges and textures. They are those up to stride 8 in
    a MobileNet, and the first two in VGG16 and ResNet-50. `none`: all is trained."""
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
