"""How a family of detectors turns outputs into scores. No torch."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Scoring:
    """What the score of a class is, and which boxes are kept.

    `docs/detectors.md` says what follows for the score record.
    """

    activation: Literal["softmax", "sigmoid"]
    """`softmax`: over the classes and background. `sigmoid`: of each class on its own."""
    quality: Literal["none", "product", "geometric_mean"] = "none"
    """How the sigmoid of a candidate's own logit enters the score of its classes. `product`: as the
    objectness of YOLO. `geometric_mean`: as the centre-ness of FCOS. `none`: there is no such
    logit."""
    suppression: bool = True
    """Whether non-maximum suppression removes boxes; those of queries, as in DETR, are all kept."""
    one_class_a_box: bool = False
    """Whether a box counts for its best class alone, and not for every class that is likely."""
