"""Writing the images of a round's picks, for people who draw their boxes."""

from collections.abc import Collection, Sequence
from contextlib import closing

from job.acquisition.strategy import Pick
from job.annotation.batch import MANIFEST, Batch
from job.artifacts import names
from job.artifacts.picks import dump_picks
from job.data.dataset import Dataset
from job.data.decoding import exif_orientation
from job.errors import UsageError
from job.export.labels import TURNED
from job.export.pick_formats import PickFormat, ToolName
from job.export.target import NewFiles
from job.runtime import log


def waiting(dataset: Dataset, picks: Sequence[Pick]) -> list[str]:
    """Return the ids of picks that the latest version of a data set has no labels of.

    Raises:
        UsageError: There are none.
    """
    ids = [pick.id for pick in picks]
    labelled = Dataset.open(dataset.store, dataset.keys.name).known_labels(ids)
    if found := [image_id for image_id in ids if image_id not in labelled]:
        return found
    message = f"all {len(ids)} picks have labels that were ingested; none waits for them"
    raise UsageError(message)


def write_picks(
    files: NewFiles, dataset: Dataset, picks: Sequence[Pick], ids: Collection[str]
) -> None:
    """Write `images/<id>.jpg` of some picks as they are, and then the list `picks.csv` of all."""
    with closing(dataset.read_images("pool", ids)) as images:
        for image in log.track(images, "export", len(ids), "images"):
            files.write(f"images/{image.id}{image.suffix}", image.data)
    files.write(names.PICKS, dump_picks(picks))


def write_batch(files: NewFiles, dataset: Dataset, layout: PickFormat, tool: ToolName) -> list[str]:
    """Write the images of a batch as they are, what the tool needs beside them, and the manifest.

    Args:
        files: Where it goes.
        dataset: Where the images are.
        layout: The batch in the layout of the tool.
        tool: The layout's name.

    Returns:
        What is proposed, and what people have to know, in lines.
    """
    batch, num_turned = layout.batch, 0
    with closing(dataset.read_images("pool", [image.id for image in batch.images])) as images:
        tracked = log.track(images, "export", len(batch.images), "images")
        for picked, image in zip(batch.images, tracked, strict=True):
            files.write(layout.image_file(picked), image.data)
            num_turned += exif_orientation(image.data) != 1
    for name, data in layout.files().items():
        files.write(name, data)
    files.write(MANIFEST, batch.manifest(tool, layout.found_by))
    turned = [f"note: {num_turned:,} images {TURNED}"] if num_turned else []
    return [*_proposed(batch), *turned]


def _proposed(batch: Batch) -> list[str]:
    """Return what is proposed, in a line, if proposals were asked for."""
    if batch.model is None:
        return []
    counts = [len(image.proposals) for image in batch.images if image.proposals]
    total = f"{sum(counts):,} boxes in {len(counts):,} images"
    return [f"proposals: {total}, by {batch.model}, confidence {batch.min_confidence:g} or more"]
