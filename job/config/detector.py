"""The settings of the detector."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, PositiveFloat, model_validator

from job.config.section import Section
from job.errors import ConfigError
from job.runtime.paths import user_path

_INSTEAD = {"backbone": "set hub or scratch", "weights": "leave it out"}


class DetectorConfig(Section):
    """The detector, common to all arms, with the settings of its own that its model has."""

    model_config = ConfigDict(extra="allow")

    model: str = "ssdlite_mobilenet_v2"
    """A name that `al-job detectors` lists: `ssdlite_mobilenet_v2` (SSDLite with MobileNetV2, the
    tutorial's), `ssd_vgg16` (SSD300 with VGG16), `ssdlite_mobilenet_v3`, `retinanet`, `fcos`,
    `faster_rcnn`, `transformers`, or that of a detector from another package. Settings that only
    some have, such as `network`, stand beside the ones below."""
    size: Annotated[int, Field(ge=64)] = 320
    """Side of the square image that the network sees, in pixels; `ssd_vgg16` takes 300 only. Of
    detectors that keep the aspect ratio, such as `retinanet`, it is the shorter side, and the
    longer one has at most 1.67 times as many pixels."""
    width: PositiveFloat = 1.0
    """Width multiplier of a MobileNet; torchvision has pretrained weights for 1.0 only."""
    backbone: str = "hub"
    """Where the backbone's weights come from: `hub` (torchvision's ImageNet weights, downloaded),
    `file:PATH`, `store:KEY` (`.safetensors` or a `.pt` state dict), or `scratch`. Of a `file:` only
    the path is recorded; of a `store:` object also the content."""
    weights: str | None = None
    """A trained detector to start from: `hub` (torchvision's own, trained on COCO, downloaded), or
    `file:PATH` or `store:KEY`, in single or half precision. Of backbone, neck (what lies between
    backbone and head) and head, each is taken if it is there as a whole and fits. The head is taken
    if the file says that its classes are those of the data set, as a model of al-voc does. If no
    backbone fits, that of `backbone` is taken."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.backbone not in {"hub", "scratch"} and not _is_place(self.backbone):
            message = f"backbone: {self.backbone!r} is none of hub, scratch, file:PATH, store:KEY"
            raise ValueError(message)
        if self.weights not in {None, "hub"} and not _is_place(str(self.weights)):
            message = f"weights: {self.weights!r} is none of hub, file:PATH, store:KEY"
            raise ValueError(message)
        return self

    @property
    def is_pretrained(self) -> bool:
        """Whether anything of it comes from pretrained weights."""
        return self.backbone != "scratch" or self.weights is not None

    def refuse_missing_files(self) -> None:
        """Refuse settings that name a file which is not there.

        Raises:
            ConfigError: One does.
        """
        settings: tuple[Literal["backbone", "weights"], ...] = ("backbone", "weights")
        for setting in settings:
            kind, _, place = (getattr(self, setting) or "").partition(":")
            if kind == "file":
                refuse_missing_file(setting, user_path(place))


def _is_place(text: str) -> bool:
    kind, _, place = text.partition(":")
    return kind in {"file", "store"} and bool(place)


def refuse_missing_file(setting: Literal["backbone", "weights"], path: Path) -> None:
    """Refuse a file of weights that is not there.

    Raises:
        ConfigError: It is not.
    """
    if not path.is_file():
        message = f"detector.{setting}: {path}: no such file; name another, or {_INSTEAD[setting]}"
        raise ConfigError(message)
