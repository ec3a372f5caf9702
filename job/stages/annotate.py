"""Have exactly the picked images annotated, and account for what that takes."""

import tempfile
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import closing
from pathlib import Path

from job.annotators import labels_of
from job.artifacts import names
from job.artifacts.cost import NOTHING, Cost, RoundCost, dump_cost
from job.artifacts.reader import options_of
from job.artifacts.stage_io import StageIO
from job.config.annotation import FREE, AnnotationConfig
from job.data.shards import EncodedImage, ShardWriter
from job.errors import MissingLabelsError
from job.records.annotation import Annotation, class_counts
from job.runtime import log
from job.storage.opening import store_option


def run(io: StageIO) -> dict[str, object]:
    """Read the picks. Write a shard of `<id>.jpg` and `<id>.json`, and `cost.json`.

    Images whose labels came along with this round's data go into a shard of their own.
    """
    dataset = io.dataset
    picks = io.picked_ids(io.round)
    io.pool_before.label(picks)  # the guard: none is labelled already
    annotations = _annotate(io, picks)
    with closing(dataset.read_images("pool", picks)) as images:
        tracked = log.track(images, "annotate", len(picks), "images")
        _write_shard(io, names.LABELLED_SHARD, tracked, annotations)
    cost = cost_of(annotations.values(), dataset.classes, io.config.annotation)
    before = io.cost_before()
    total = RoundCost(cost, before.cumulative + cost, before.given + _write_given(io))
    io.write(names.COST, dump_cost(total))
    came_along = {"given": len(io.new_given)} if io.new_given else {}
    labelled = total.labelled.images
    return {"images": cost.images, "boxes": cost.boxes, "labelled": labelled, **came_along}


def _write_shard(
    io: StageIO, name: str, images: Iterable[EncodedImage], labels: Mapping[str, Annotation]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        with ShardWriter(path) as shard:
            for image in images:
                shard.add(image, labels[image.id])
        io.upload(name, path)


def _write_given(io: StageIO) -> Cost:
    """Write the images whose labels came along, and return their cost: nothing but boxes."""
    ids = io.new_given
    if not ids:
        return NOTHING
    labels = io.dataset.known_labels(ids)
    with closing(io.dataset.iter_images("pool", ids)) as images:
        _write_shard(io, names.GIVEN_SHARD, images, labels)
    return cost_of(labels.values(), io.dataset.classes, FREE)


def _annotate(io: StageIO, picks: Sequence[str]) -> dict[str, Annotation]:
    """Return the labels of the picks, or say how people add those that are missing."""
    try:
        return labels_of(io.dataset, picks, io.annotator, lambda: io.latest_dataset)
    except MissingLabelsError as error:
        place = f"--dataset {io.config.dataset.name}{store_option(io.store)}"
        message = (
            f"{io.ref} waits for people: {error}; `al-job export picks "
            f"{options_of(io.store, io.round)} --out DIR` writes the {len(picks)} picks, `al-job "
            f"ingest labels FORMAT {place}` adds their labels, and then this command continues"
        )
        raise MissingLabelsError(message) from error


def cost_of(
    annotations: Collection[Annotation], classes: tuple[str, ...], config: AnnotationConfig
) -> Cost:
    """Return the cost of labelling these images: a fixed part per image and a part per box.

    Difficult boxes count, since somebody has to draw them. Crowd regions do not count.
    """
    counts = class_counts(list(annotations), classes)
    images, boxes = len(annotations), sum(counts.values())
    return Cost(
        images=images,
        boxes=boxes,
        seconds=config.seconds(images, boxes),
        money=round(config.money(images, boxes), 6),
        class_counts=counts,
    )
