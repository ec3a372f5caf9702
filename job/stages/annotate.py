"""Have exactly the picked images annotated, and account for what that takes."""

import tempfile
from collections.abc import Collection
from contextlib import closing
from pathlib import Path

from job.annotators import find_annotator
from job.artifacts import names
from job.artifacts.cost import Cost, RoundCost, dump_cost
from job.artifacts.stage_io import StageIO
from job.config.schema import AnnotationConfig
from job.data.shards import ShardWriter
from job.records.annotation import Annotation, class_counts
from job.runtime import log


def run(io: StageIO) -> dict[str, object]:
    """Read the picks. Write a shard of `<id>.jpg` and `<id>.json`, and `cost.json`."""
    dataset = io.dataset
    picks = io.picked_ids(io.round)
    io.pool_before.label(picks)  # the guard: none is labelled already
    annotator = find_annotator(io.config.annotation.annotator)(dataset)
    annotations = annotator.annotate(picks)
    cost = cost_of(annotations.values(), dataset.classes, io.config.annotation)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / names.LABELLED_SHARD
        with closing(dataset.read_images("pool", picks)) as images, ShardWriter(path) as shard:
            for image in log.track(images, "annotate", len(picks), "images"):
                shard.add(image, annotations[image.id])
        io.upload(path.name, path)
    cumulative = io.cost_before() + cost
    io.write(names.COST, dump_cost(RoundCost(cost, cumulative)))
    return {"images": cost.images, "boxes": cost.boxes, "labelled": cumulative.images}


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
