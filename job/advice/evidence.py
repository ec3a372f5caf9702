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
        "the field's largest gains: random picks see a long video in proportion to its length",
        "docs/which-strategy.md",
    ),
    "rare": Evidence(
        "medium to large gains, since a rare class counts as much as any other in mAP",
        "docs/which-strategy.md",
    ),
    "empty": Evidence(
        "at a share s of empty images, picks that show objects hold up to 1 / (1 - s) times the "
        "boxes",
        "docs/which-strategy.md",
    ),
    "none": Evidence(
        "balanced photographs, hardly two alike: no strategy that was tried beats random",
        "docs/results/voc-animals/README.md",
    ),
}
