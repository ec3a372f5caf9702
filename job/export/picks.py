"""Writing the images of a round's picks, for people who draw their boxes."""

from collections.abc import Sequence
from contextlib import closing

from job.acquisition.strategy import Pick
from job.artifacts import names
from job.artifacts.picks import dump_picks
from job.data.dataset import Dataset
from job.export.target import NewFiles
from job.runtime import log


def write_picks(files: NewFiles, dataset: Dataset, picks: Sequence[Pick]) -> None:
    """Write `images/<id>.jpg` of each pick as it is, and then the list `picks.csv`."""
    ids = [pick.id for pick in picks]
    with closing(dataset.read_images("pool", ids)) as images:
        for image in log.track(images, "export", len(ids), "images"):
            files.write(f"images/{image.id}{image.suffix}", image.data)
    files.write(names.PICKS, dump_picks(picks))
