"""The settings of the detector."""

from typing import Annotated, Self

from pydantic import Field, PositiveFloat, model_validator

from job.config.section import Section


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
