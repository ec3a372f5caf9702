"""What to look at first, in sentences."""

from collections.abc import Iterator

from job.report.data.facts import DataFacts, share_below
from job.report.data.labels import EDGES, SplitLabels
from job.report.data.odd import overlaps
from job.report.wording import counted, listing, percent

MIN_TOLD = 0.01
"""Shares below are not told."""
FEW_BOXES = 20
MAX_NAMES = 8
SAME_OBJECT = 0.9
"""IoU of two boxes that seem to be of one object."""
EDGE_FACTOR = 3
OPPOSITE = (("left", "right"), ("top", "bottom"), ("right", "left"), ("bottom", "top"))
MIN_TOUCHING = 20
"""An edge that this many boxes touch, and `EDGE_FACTOR` times as many as the opposite one, is
told."""


def remarks(facts: DataFacts) -> list[str]:
    """Return what may be a mistake, or decides whether a training can succeed."""
    result = [*_of_classes(facts), *_of_sizes(facts)]
    for labels in facts.labelled:
        result += [*_of_edges(labels), *_of_overlaps(labels), *_of_empty(labels)]
    return result + list(_of_look_alikes(facts))


def _of_classes(facts: DataFacts) -> Iterator[str]:
    for labels in facts.labelled:
        counts = dict(zip(labels.classes, labels.class_counts_C.tolist(), strict=True))
        if lacking := [name for name, count in counts.items() if not count]:
            yield f"{labels.split}: no box of {_some(lacking)}."
        if few := [f"{name} ({count})" for name, count in counts.items() if 0 < count < FEW_BOXES]:
            yield f"{labels.split}: fewer than {FEW_BOXES} boxes of {_some(few)}."


def _some(names: list[str]) -> str:
    if len(names) > MAX_NAMES:
        return f"{', '.join(names[:MAX_NAMES])} and {len(names) - MAX_NAMES} more classes"
    return listing(names)


def _of_sizes(facts: DataFacts) -> Iterator[str]:
    box = facts.default_box
    if box.share is None:
        return
    below, far_below = (
        [share_below(each, box.share / factor) for each in facts.labelled] for factor in (1, 2)
    )
    if max(below, default=0) >= MIN_TOLD:
        yield (
            f"{listing([percent(each) for each in below])} of the boxes of "
            f"{listing([each.split for each in facts.labelled])} are smaller than the smallest "
            f"default box of {box.model} ({box.pixels:g} of {box.size} pixels), and "
            f"{listing([percent(each) for each in far_below])} smaller than half of it. A detector "
            "finds such objects late or never: cut the images into tiles, or take another detector."
        )


def _of_edges(labels: SplitLabels) -> Iterator[str]:
    """Boxes that are shifted are cut off at one edge, and not at the opposite one."""
    counts = dict(zip(EDGES, labels.touches_B4.sum(axis=0).tolist(), strict=True))
    told = [
        f"{counts[this]:,} touch the {this} edge of their image, {counts[other]:,} the {other} one"
        for this, other in OPPOSITE
        if counts[this] >= max(MIN_TOUCHING, EDGE_FACTOR * counts[other])
    ]
    if told:
        yield f"{labels.split}: of the boxes, {'; '.join(told)}. Are they shifted?"


def _of_overlaps(labels: SplitLabels) -> Iterator[str]:
    same = [pair for pair in overlaps(labels) if pair.iou >= SAME_OBJECT]
    if same:
        yield (
            f"{labels.split}: in {counted(len(same), 'image')} two boxes overlap with an IoU of at "
            f"least {SAME_OBJECT}, as if one object had been labelled twice."
        )


def _of_empty(labels: SplitLabels) -> Iterator[str]:
    empty, num_labelled = labels.num_empty, labels.num_labelled
    if empty >= max(MIN_TOLD * num_labelled, 1):
        share = percent(empty / num_labelled)
        told = "image has" if empty == 1 else "images have"
        asked = "Does it" if empty == 1 else "Do they"
        yield f"{labels.split}: {empty:,} {told} no box ({share}). {asked} show nothing?"


def _of_look_alikes(facts: DataFacts) -> Iterator[str]:
    for split, num_copies in facts.copies.items():
        if num_copies:
            told = counted(num_copies, "image is a copy of another", "images are copies of others")
            yield f"{split}: {told}, byte for byte."
    alike = facts.alike
    if alike.num_across:
        yield (
            f"test: {alike.num_across:,} of {alike.num_compared['test']:,} images that were "
            "compared look like an image of the pool. If they show the same scenes, the metric "
            "will be too high."
        )
    pool = alike.num_compared["pool"]
    if alike.num_in_pool >= max(MIN_TOLD * pool, 1):
        advice = (
            " If they are frames of videos or copies, tell al-voc by --groups or --group-by of "
            "al-job ingest."
        )
        advice = "" if any(each.groups for each in facts.splits) else advice
        yield (
            f"pool: {alike.num_in_pool:,} of {pool:,} images that were compared look like another "
            f"one.{advice}"
        )
