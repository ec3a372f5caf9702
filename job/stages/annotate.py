"""Have exactly the picked images annotated, and account for what that takes."""

import tempfile
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from job.annotation.asking import ask_people
from job.annotators import known_labels, labels_of
from job.artifacts import names
from job.artifacts.cost import NOTHING, Cost, Measured, RoundCost, dump_cost
from job.artifacts.outcome import dump_outcome
from job.artifacts.reader import options_of
from job.artifacts.stage_io import StageIO
from job.config.annotation import FREE, PEOPLE, AnnotationConfig
from job.data.shards import EncodedImage, ShardWriter
from job.errors import MissingLabelsError
from job.records.annotation import Annotation, class_counts
from job.runtime import log
from job.storage.opening import store_option


@dataclass(frozen=True)
class _Labelled:
    """The labels of a round, and what they took."""

    labels: Mapping[str, Annotation]
    """In the order of rank."""
    cost: Cost
    measured: Measured | None = None


def run(io: StageIO) -> dict[str, object]:
    """Read the picks. Write a shard of `<id>.jpg` and `<id>.json`, and `cost.json`.

    Images whose labels came along with this round's data go into a shard of their own. Where people
    are asked, what became of each pick is written too, and the shard has those that are labelled.
    """
    picks = io.picked_ids(io.round)
    io.pool_before.label(picks)  # the guard: none is labelled already
    labelled = _ask_people(io, picks) if io.annotator in PEOPLE else _annotate(io, picks)
    with closing(io.dataset.read_images("pool", list(labelled.labels))) as images:
        tracked = log.track(images, "annotate", len(labelled.labels), "images")
        _write_shard(io, names.LABELLED_SHARD, tracked, labelled.labels)
    cost, before = labelled.cost, io.cost_before()
    given = before.given + _write_given(io)
    total = RoundCost(cost, before.cumulative + cost, given, labelled.measured)
    io.write(names.COST, dump_cost(total))
    figures = {"images": cost.images, "boxes": cost.boxes, "labelled": total.labelled.images}
    refused = {"refused": labelled.measured.refused} if labelled.measured else {}
    came_along = {"given": len(io.new_given)} if io.new_given else {}
    return {**figures, **refused, **came_along}


def _ask_people(io: StageIO, picks: Sequence[str]) -> _Labelled:
    """Return what people have labelled, and write what they were asked and what became of it."""
    known = known_labels(io.dataset, picks, lambda: io.latest_dataset)
    found = ask_people(io, known)
    io.write(names.BATCH, found.intent, volatile=True, in_place=True)  # it holds a time
    io.write(names.OUTCOME, dump_outcome(found.outcome))
    for name in (names.ANNOTATING, names.HEARD):
        io.store.delete(io.ref.key(name))
    return _Labelled(found.labels, found.cost, found.measured)


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


def _annotate(io: StageIO, picks: Sequence[str]) -> _Labelled:
    """Return the labels of the picks, or say how people add those that are missing."""
    try:
        labels = labels_of(io.dataset, picks, io.annotator, lambda: io.latest_dataset)
    except MissingLabelsError as error:
        place = f"--dataset {io.config.dataset.name}{store_option(io.store)}"
        message = (
            f"{io.ref} waits for people: {error}; `al-job export picks "
            f"{options_of(io.store, io.round)} --out DIR` writes the {len(picks)} picks, `al-job "
            f"ingest labels FORMAT {place}` adds their labels, and then this command continues"
        )
        raise MissingLabelsError(message) from error
    return _Labelled(labels, cost_of(labels.values(), io.dataset.classes, io.config.annotation))


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
