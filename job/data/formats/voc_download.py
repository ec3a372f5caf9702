"""Download of Pascal VOC by torchvision, which knows the archives' places and MD5 sums."""

from pathlib import Path

from job.data.formats.voc_splits import SplitName, parse_splits
from job.errors import TemporaryError, UsageError


def download_voc(root: Path, *splits: str) -> None:
    """Download the archives that hold some splits and unpack them below a root.

    Archives that are there already are not downloaded again. They are unpacked again, since an
    earlier process may have been killed while it unpacked them.

    Args:
        root: Where the devkit goes; created if it is missing.
        splits: Such as `2007/trainval+2012/trainval`.

    Raises:
        UsageError: A split has no year, or torchvision knows no archive for it.
        TemporaryError: An archive could not be downloaded.
    """
    names = [name for text in splits for name in parse_splits(text)]
    for name in names:
        if name.year is None:
            message = f"--download: {name.name!r} has no year: write YEAR/{name.name}"
            raise UsageError(message)
    archives = {(name.year, name.name == "test"): name for name in names}
    for _, name in sorted(archives.items(), key=str):
        _download(root, name)


def _download(root: Path, split: SplitName) -> None:
    from torchvision.datasets import VOCDetection  # noqa: PLC0415 - it loads torch

    try:
        VOCDetection(str(root), year=split.year, image_set=split.name, download=True)
    except ValueError as error:
        message = f"--download: no archive of VOC {split.year}/{split.name}: {error}"
        raise UsageError(message) from error
    except (OSError, RuntimeError) as error:
        message = f"--download: VOC {split.year}/{split.name} could not be downloaded: {error}"
        raise TemporaryError(message) from error
