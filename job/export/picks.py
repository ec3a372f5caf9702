"""Writing the images of a round's picks, for people who draw their boxes."""

from collections.abc import Collection, Sequence
from contextlib import closing

from job.acquisition.strategy import Pick
from job.artifacts import names
from job.artifacts.picks import dump_picks
from job.data.dataset import Dataset
from job.errors import UsageError
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
