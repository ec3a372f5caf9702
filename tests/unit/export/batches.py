"""Batches of picks made by hand."""

from job.annotation.batch import Batch, PickedImage, Proposal
from job.keys import RoundRef
from tests.unit.export.images import CLASSES

REF = RoundRef("mine", 3, "brust", 2)
ODD = "b/ü 1.v2 <&>"
"""An id with a folder, a blank, dots, and letters that XML and addresses cannot have."""
DOG = Proposal((10.0, 20.0, 30.0, 60.0), "dog", 0.875)
BEAR = Proposal((0.0, 0.0, 50.5, 200.0), "Eisbär", 0.3)


def picked(
    rank: int, image_id: str, proposals: tuple[Proposal, ...] = (), suffix: str = ".jpg"
) -> PickedImage:
    """An image of 100 x 200 pixels whose bytes nobody reads."""
    return PickedImage(
        id=image_id,
        key=f"mine/seed-3/brust/round-002/{image_id}",
        rank=rank,
        score=0.5,
        reason='why "so"',
        stem=f"{rank:04d}_stem",
        suffix=suffix,
        size_wh=(100, 200),
        sha256="ab",
        proposals=proposals,
    )


def batch(*, proposing: bool = True, place: str = "file:///a/my%20batch", links: str = "") -> Batch:
    """Two of three picks, of which the first has two proposals and the second none."""
    images = (picked(0, ODD, (DOG, BEAR) if proposing else ()), picked(2, "a", suffix=".png"))
    least = 0.3 if proposing else None
    return Batch(REF, CLASSES, images, 3, least, place, links or None)
