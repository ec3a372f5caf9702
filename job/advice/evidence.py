"""What was measured: the figures that advice rests on. They stand here and nowhere else.

`docs/which-strategy.md` shows them, too: `make docs` writes them there.
"""

from dataclasses import dataclass
from typing import Literal

Condition = Literal["redundant", "rare", "empty", "none"]
"""Why a selection may pay: images are alike, classes are rare, images are empty; or `none` of
these."""


@dataclass(frozen=True)
class Evidence:
    """What is known of a condition, and where it can be checked."""

    says: str
    source: str
    """A page of this repository, or a publication."""


EVIDENCE: dict[Condition, Evidence] = {
    "redundant": Evidence(
        "frames of 52 videos, 50 to 800 images, five seeds: the mAP of recommended was 5.7 points "
        "above random's on average, and it took 25 % fewer images (3 to 46) to get as far",
        "docs/results/README.md",
    ),
    "rare": Evidence(
        "900 images of dogs down to 40 of cows, 50 to 800 images, five seeds: the mAP of "
        "recommended was 4.5 points above random's on average, and it took 52 % fewer images (17 "
        "to 87) to get as far",
        "docs/results/README.md",
    ),
    "empty": Evidence(
        "if a share s of the images is empty, picks that show objects hold up to 1 / (1 - s) times "
        "the boxes of random ones",
        "docs/strategies.md",
    ),
    "none": Evidence(
        "balanced photographs, hardly two alike, 50 to 800 images, five seeds: no difference was "
        "shown, as the mAP of recommended was 0.9 points (-0.7 to 2.5) above random's on average",
        "docs/results/README.md",
    ),
}
