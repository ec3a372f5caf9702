"""Writing the images of a round's picks, for people who draw their boxes."""

from collections.abc import Collection, Sequence
from contextlib import closing

from job.acquisition.strategy import Pick
from job.annotation.batch import MANIFEST, Batch, picked_images
from job.annotation.book import Book
from job.annotation.checks import problems_of
from job.artifacts import names
from job.artifacts.picks import dump_picks
from job.artifacts.round_reader import RoundReader
from job.data.dataset import Dataset
from job.data.decoding import exif_orientation
from job.errors import UsageError
from job.export.labels import TURNED
from job.export.pick_formats import PickFormat, ToolName
from job.export.target import NewFiles
from job.runtime import log


def waiting(dataset: Dataset, picks: Sequence[Pick], answered: Collection[str] = ()) -> list[str]:
    """Return the ids of picks that the latest version of a data set has no labels of.

    Args:
        dataset: The data set, in any version.
        picks: The picks.
        answered: The ids of those that people have labelled meanwhile.

    Raises:
        UsageError: There are none.
    """
    ids = [pick.id for pick in picks]
    known = {*Dataset.open(dataset.store, dataset.keys.name).known_labels(ids), *answered}
    if found := [image_id for image_id in ids if image_id not in known]:
        return found
    message = f"all {len(ids)} picks have labels already; none waits for them"
    raise UsageError(message)


def answered_picks(io: RoundReader, picks: Sequence[Pick]) -> set[str]:
    """Return the ids of picks whose last answer can be taken, where people label."""
    if not io.config.annotation.is_by_people:
        return set()
    answers = Book(io.store, io.round.experiment).answers([pick.id for pick in picks])
    images = picked_images(io.dataset, io.round, picks, {})
    return {
        image.id
        for image in images
        if (said := answers.get(image.id))
        and not problems_of(said[-1].answer, image.size_wh, io.dataset.classes)
    }


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
