# ruff: noqa: N806 - shape suffixes
"""What the images of a pool show, estimated by those of them that were drawn at random.

L = labelled images.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from job.records.annotation import Annotation, class_counts
from job.records.arrays import Float64s
from job.report.pool.draws import Draws
from job.report.pool.sampling import Estimated, Sample


@dataclass(frozen=True)
class ClassEstimate:
    """How much a pool has of one class."""

    name: str
    num_seen: int
    """The drawn images that show it."""
    images: Estimated
    """The share of the pool's images that show it."""
    boxes: Estimated
    """Its share of the pool's boxes."""


@dataclass(frozen=True)
class PoolContents:
    """What a pool shows, by a random sample of it. Boxes are without crowd regions."""

    arm: str
    """The arm whose draws say most."""
    seed: int
    num_drawn: int
    """The drawn images that are labelled."""
    num_without: int
    """The drawn images that have no label."""
    num_labelled: int
    """All labelled images of the pool."""
    num_pool: int
    classes: tuple[ClassEstimate, ...]
    boxes_per_image: Estimated
    empty: Estimated
    """The share of images without a box."""


def contents_of(found: Iterable[Draws]) -> PoolContents | None:
    """Return what the draws of an experiment say of its pool; None if there are none.

    All arms and seeds have one pool, so it is estimated by the draws that say most.
    """
    samples = [(each, sample) for each in found if (sample := each.sample)]
    if not samples:
        return None
    draws, sample = max(samples, key=lambda each: each[1].equivalent)
    return _contents(draws, sample)


def _contents(draws: Draws, sample: Sample) -> PoolContents:
    boxes = boxes_by_class(draws.truth, sample.ids, draws.classes)
    all_L = np.sum(list(boxes.values()), axis=0)
    is_drawn_L = sample.draw_L >= 0
    return PoolContents(
        arm=draws.arm,
        seed=draws.seed,
        num_drawn=sample.num_drawn,
        num_without=draws.num_without,
        num_labelled=len(sample.ids),
        num_pool=sample.num_pool,
        classes=tuple(
            ClassEstimate(
                name=name,
                num_seen=int(np.count_nonzero(boxes_L[is_drawn_L])),
                images=sample.proportion((boxes_L > 0).astype(np.float64)),
                boxes=sample.ratio(boxes_L, all_L),
            )
            for name, boxes_L in boxes.items()
        ),
        boxes_per_image=sample.mean(all_L),
        empty=sample.proportion((all_L == 0).astype(np.float64)),
    )


def boxes_by_class(
    truth: Mapping[str, Annotation], ids: Iterable[str], classes: tuple[str, ...]
) -> dict[str, Float64s]:
    """Return the boxes of each class in some images: (L,) each."""
    counts = [class_counts([truth[each]], classes) for each in ids]
    return {name: np.array([each[name] for each in counts], np.float64) for name in classes}
