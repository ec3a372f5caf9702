"""The settings of annotation: who draws the boxes, and what that costs.

Nobody has measured your annotators but you. Until you have, a preset has what others measured.
"""

from collections.abc import Mapping
from typing import Any, Literal, get_args

from pydantic import Field, NonNegativeFloat, model_validator

from job.config.section import Section

CostPreset = Literal["professional", "open-images", "verify", "tutorial"]


PRICE_PER_SECOND = 0.07 / 5
"""The 2020 tutorial pays 0.07 for a box of 5 seconds. All presets pay for a second as much."""


def _costs(image: float, box: float) -> dict[str, float]:
    """Return costs by the seconds for an image and for a box, at the tutorial's rate of pay."""
    return {
        "seconds_per_image": image,
        "seconds_per_box": box,
        "price_per_image": round(image * PRICE_PER_SECOND, 4),
        "price_per_box": round(box * PRICE_PER_SECOND, 4),
    }


PROFESSIONAL = _costs(63.0, 5.9)
"""Professional annotators: 63 s an image and 5.9 s a box (Snapper, IUI 2024). It is the only one
that has the time to open, inspect and check an image apart from that of its boxes."""
OPEN_IMAGES = _costs(0.0, 7.4)
"""Extreme clicking at scale: 7.4 s a box (Kuznetsova et al., The Open Images Dataset V4, 2020). The
annotators were shown an image together with a class that it is known to show, so nothing counts for
an image."""
VERIFY = _costs(0.0, 3.5)
"""Boxes that a detector proposed and an annotator accepts or rejects: 1.6 s (Papadopoulos et al.,
CVPR 2016) to 3.5 s a box (Open Images V4), of which this has the larger. Boxes that the detector
missed still have to be drawn, and wrong ones to be rejected; neither counts here."""
TUTORIAL = _costs(0.0, 5.0)
"""The assumption of the 2020 tutorial, which nobody measured: 5 s and 0.07 a box."""

COST_PRESETS: Mapping[CostPreset, Mapping[str, float]] = {
    "professional": PROFESSIONAL,
    "open-images": OPEN_IMAGES,
    "verify": VERIFY,
    "tutorial": TUTORIAL,
}
"""By name: the costs that a preset sets."""


class AnnotationConfig(Section):
    """Who labels the picked images, and what that costs."""

    annotator: str = "oracle"
    """Who draws the boxes. `oracle` is the simulated annotator, who knows the data set's ground
    truth. Packages may add others, as entry points of the group `al_voc.annotators`."""
    preset: CostPreset | None = Field(None, exclude=True)
    """What the four costs are unless they are set beside it. `professional`: 63 s an image and
    5.9 s a box, measured on professional annotators (Snapper, IUI 2024). `open-images`: 7.4 s a
    box. `verify`: 3.5 s to accept or reject a box that was proposed. `tutorial`: 5 s a box. Each
    pays 0.014 a second, as the tutorial does. If it is unset, the costs are those of
    `professional`. The store keeps the four costs, and not the preset's name."""
    seconds_per_image: NonNegativeFloat = PROFESSIONAL["seconds_per_image"]
    """Seconds to open, inspect and check an image, whatever it shows."""
    seconds_per_box: NonNegativeFloat = PROFESSIONAL["seconds_per_box"]
    """Seconds to draw one box."""
    price_per_image: NonNegativeFloat = PROFESSIONAL["price_per_image"]
    """Price of an image, whatever it shows."""
    price_per_box: NonNegativeFloat = PROFESSIONAL["price_per_box"]
    """Price of one box, in the currency of your choice."""

    @model_validator(mode="before")
    @classmethod
    def _fill_in_preset(cls, content: Any) -> Any:
        """Set the costs of the preset, unless they are set beside it."""
        if not isinstance(content, dict) or content.get("preset") not in get_args(CostPreset):
            return content
        return {**COST_PRESETS[content["preset"]], **content}

    def seconds(self, num_images: float, num_boxes: float) -> float:
        """Return the seconds that an annotator needs: a part for each image and for each box."""
        return num_images * self.seconds_per_image + num_boxes * self.seconds_per_box

    def money(self, num_images: float, num_boxes: float) -> float:
        """Return the price of the annotations: a part for each image and for each box."""
        return num_images * self.price_per_image + num_boxes * self.price_per_box


FREE = AnnotationConfig(seconds_per_image=0, seconds_per_box=0, price_per_image=0, price_per_box=0)
"""The costs of labels that came along with their images: none."""
