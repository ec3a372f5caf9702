"""The settings of annotation: who draws the boxes, and what that costs.

Nobody has measured your annotators but you. Until you have, a preset has what others measured.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import (
    Field,
    NonNegativeFloat,
    PositiveFloat,
    PositiveInt,
    model_validator,
)

from job.config.address import Address
from job.config.section import Section, UnitInterval

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


PEOPLE = ("label_studio", "files")
"""The annotators that are people: they answer after a while. All others answer at once."""
SETTINGS_OF_PEOPLE = frozenset(
    {
        "label_studio",
        "per_image",
        "several",
        "consensus_iou",
        "proposals",
        "instructions",
        "enough",
        "max_seconds_per_image",
        "poll_seconds",
    }
)
"""The settings that only annotators who are people have."""

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class EnoughConfig(Section):
    """When enough of a round's images are answered to continue with these."""

    share: Annotated[float, Field(gt=0, le=1)] = 1.0
    """The share of the picks that has to be answered. What is open then returns to the pool."""
    after: Annotated[str, Field(pattern=r"^[0-9]+[smhd]$")] = "0h"
    """How long all of them are waited for before the share is enough, in seconds, minutes, hours or
    days, such as `48h`."""

    @property
    def after_seconds(self) -> int:
        """The value of `after`, in seconds."""
        return int(self.after[:-1]) * _SECONDS[self.after[-1]]

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.after_seconds and self.share == 1:
            message = "after: the share is 1, so all of them are waited for: set share, too"
            raise ValueError(message)
        return self


class LabelStudioConfig(Section):
    """The Label Studio of the annotators. Its token is in `AL_LABEL_STUDIO_TOKEN`."""

    url: Address
    """The server's address, such as `https://labels.example.org`."""
    images: Literal["upload", "s3"] = "upload"
    """How the tool gets the images. `upload`: they are uploaded. `s3`: it reads copies that lie in
    the bucket of the store."""
    webhook: Address | None = None
    """The address at which the server reaches whoever waits, on port 8471 of that machine, to say
    that somebody has submitted. The secret of both is in `AL_WEBHOOK_SECRET`. Unset: the server is
    only asked, every `poll_seconds`."""


class AnnotationConfig(Section):
    """Who labels the picked images, and what that costs."""

    annotator: str = "oracle"
    """Who draws the boxes. `oracle` is the simulated annotator, who knows the data set's ground
    truth. `label_studio`: people, in Label Studio. `files`: people, in any other tool; `al-job
    export picks` writes what it needs, and `al-job import labels` takes the answers. Packages may
    add others, as entry points of the group `al_voc.annotators`."""
    label_studio: LabelStudioConfig | None = None
    """Of `annotator: label_studio`."""
    per_image: PositiveInt = 1
    """How many annotators label each image."""
    several: Literal["latest", "consensus"] = "latest"
    """Which boxes count of an image that several annotators labelled, unless one annotation is
    marked as ground truth. `latest`: those of the last one. `consensus`: those that more than half
    of the annotators drew, by `consensus_iou`."""
    consensus_iou: UnitInterval = 0.5
    """Two annotators mean the same object if their boxes have one class and overlap by this IoU."""
    proposals: UnitInterval | None = None
    """People begin with the boxes of the previous round's model that have at least this confidence.
    Unset: with none."""
    instructions: str = ""
    """What annotators are told, in the tool. Beside it is an example picture of each class."""
    enough: EnoughConfig = EnoughConfig()
    max_seconds_per_image: PositiveFloat = 600
    """Of the time that a tool measures for an image, at most this much counts: somebody may leave
    it open and go."""
    poll_seconds: Annotated[float, Field(ge=0.1, le=86_400)] = 60
    """The time between two looks at what people have done."""
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

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not self.is_by_people:
            self._refuse_settings_of_people()
        if self.annotator == "label_studio" and self.label_studio is None:
            message = "label_studio: missing; its url says where Label Studio is"
            raise ValueError(message)
        if self.annotator == "files" and self.per_image > 1:
            message = "per_image: files have one answer for each image: leave it out"
            raise ValueError(message)
        return self

    def _refuse_settings_of_people(self) -> None:
        for name, field in type(self).model_fields.items():
            if name in SETTINGS_OF_PEOPLE and getattr(self, name) != field.default:
                message = (
                    f"{name}: annotator {self.annotator} does not ask people: leave it out, or set "
                    f"annotator to {' or '.join(PEOPLE)}"
                )
                raise ValueError(message)

    @property
    def is_by_people(self) -> bool:
        """Whether people draw the boxes, who answer after a while."""
        return self.annotator in PEOPLE

    def seconds(self, num_images: float, num_boxes: float) -> float:
        """Return the seconds that an annotator needs: a part for each image and for each box."""
        return num_images * self.seconds_per_image + num_boxes * self.seconds_per_box

    def money(self, num_images: float, num_boxes: float) -> float:
        """Return the price of the annotations: a part for each image and for each box."""
        return num_images * self.price_per_image + num_boxes * self.price_per_box


FREE = AnnotationConfig(seconds_per_image=0, seconds_per_box=0, price_per_image=0, price_per_box=0)
"""The costs of labels that came along with their images: none."""
