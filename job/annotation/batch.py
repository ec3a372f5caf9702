"""The picks of a round as a batch for an annotation tool, and its manifest."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from job.acquisition.strategy import Pick
from job.data.dataset import Dataset
from job.keys import RoundRef
from job.storage.documents import dump_json

MANIFEST = "batch.json"
"""The file that says which image of the experiment each file is. It is written last."""

# Of an id in a file's name.
_MAX_CHARACTERS = 80


class Proposal(NamedTuple):
    """A box for people to begin with."""

    corners_xyxy: tuple[float, float, float, float]
    """In pixels of the upright image."""
    label: str
    confidence: float


@dataclass(frozen=True)
class PickedImage:
    """An image that a round picked."""

    id: str
    key: str
    """A name that no image of another round, arm, seed or experiment has."""
    rank: int
    """From 0, as in `picks.csv`."""
    score: float | None
    """None: it is infinite, which JSON cannot say."""
    reason: str
    stem: str
    """The file's name without its suffix: the rank, and of the id what any tool and disk takes."""
    suffix: str
    size_wh: tuple[int, int]
    """In pixels, of the upright image."""
    sha256: str
    proposals: tuple[Proposal, ...] = ()
    """The most confident first."""

    @property
    def file(self) -> str:
        """The name of its file, without the folder."""
        return f"{self.stem}{self.suffix}"


@dataclass(frozen=True)
class Batch:
    """What a round picked, or those of its picks that still wait for labels."""

    ref: RoundRef
    classes: tuple[str, ...]
    images: tuple[PickedImage, ...]
    """In the order of rank."""
    num_picks: int
    """Of the round."""
    min_confidence: float | None = None
    """Of proposals; None: there are none."""
    place: str = ""
    """Where it is written: `file:///path`, or a bucket's URL."""
    links: str | None = None
    """The address below which the tool finds `images/`, if the user gives one."""

    @property
    def name(self) -> str:
        """The round's name, which no other round of a store has."""
        return _name(self.ref)

    @property
    def model(self) -> str | None:
        """The name of the model that proposes: that of the previous round."""
        return None if self.min_confidence is None else _name(self.ref.at(self.ref.index - 1))

    def manifest(self, layout: str, found_by: str) -> bytes:
        """Return `batch.json`.

        Args:
            layout: What the batch was written as.
            found_by: What of an answer is the image's file or its key.
        """
        ref = self.ref
        content = {
            "experiment": ref.experiment,
            "seed": ref.seed,
            "arm": ref.arm,
            "round": ref.index,
            "layout": layout,
            "found_by": found_by,
            "classes": self.classes,
            "model": self.model,
            "min_confidence": self.min_confidence,
            "images": [_row(image) for image in self.images],
        }
        return dump_json(content)


def _row(image: PickedImage) -> dict[str, object]:
    return {
        "key": image.key,
        "id": image.id,
        "rank": image.rank,
        "file": image.file,
        "sha256": image.sha256,
        "width": image.size_wh[0],
        "height": image.size_wh[1],
        "proposals": len(image.proposals),
    }


def _name(ref: RoundRef) -> str:
    """Return the name of a round among all of a store."""
    return ref.prefix.removeprefix("experiments/").removesuffix("/")


def picked_images(
    dataset: Dataset,
    ref: RoundRef,
    picks: Sequence[Pick],
    proposals: Mapping[str, tuple[Proposal, ...]],
) -> tuple[PickedImage, ...]:
    """Return the images that a round picked, in the order of rank."""
    index = dataset.index("pool")
    chosen = index.filter(pc.is_in(index["id"], pa.array([pick.id for pick in picks], pa.string())))
    rows = {row["id"]: row for row in chosen.to_pylist()}
    return tuple(
        PickedImage(
            id=pick.id,
            key=f"{_name(ref)}/{pick.id}",
            rank=rank,
            score=pick.score if isfinite(pick.score) else None,
            reason=pick.reason,
            stem=file_stem(rank, len(picks), pick.id),
            suffix=rows[pick.id]["suffix"],
            size_wh=(rows[pick.id]["width"], rows[pick.id]["height"]),
            sha256=rows[pick.id]["sha256"],
            proposals=proposals.get(pick.id, ()),
        )
        for rank, pick in enumerate(picks)
    )


def file_stem(rank: int, num_picks: int, image_id: str) -> str:
    """Return the name of a pick's file without its suffix, so that names are in order of rank.

    Of the id it has what every tool, archive, address and disk takes. The rank makes it unique.
    """
    digits = max(4, len(str(num_picks - 1)))
    plain = re.sub(r"[^A-Za-z0-9_-]+", "_", image_id)[:_MAX_CHARACTERS]
    return f"{rank:0{digits}d}_{plain}"
