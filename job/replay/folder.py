"""The folder of a replay: only files that a replay wrote are ever replaced."""

import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from job.errors import UsageError
from job.storage.files import TEMPORARY_PREFIX, file_errors

LIST = "replay.json"
"""The file that lists, below the key `files`, what a replay wrote into its folder."""


def check_folder(folder: Path) -> None:
    """Refuse a folder that cannot be written, or that holds what no replay wrote.

    Raises:
        UsageError: The folder holds something else, or is a file.
        ConfigError: It cannot be created, or nothing can be written into it.
    """
    if folder.exists() and not folder.is_dir():
        message = f"--out {folder}: is not a folder"
        raise UsageError(message)
    ours = _written(folder)
    stranger = next((name for name in _entries(folder) if name not in ours), None)
    if stranger:
        message = f"--out {folder}: holds {stranger}, which no replay wrote; name another folder"
        raise UsageError(message)
    place = folder.absolute()
    while not place.exists():
        place = place.parent
    with file_errors(folder), tempfile.TemporaryDirectory(dir=place, prefix=TEMPORARY_PREFIX):
        pass


def replace_files(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write all files of a replay, and remove those of an earlier one that are not among them.

    The new files are complete before the first old one is touched.

    Raises:
        UsageError: As for `check_folder`.
        ConfigError: As for `check_folder`.
        TemporaryError: The disk is full.
    """
    check_folder(folder)
    old = _written(folder).intersection(_entries(folder))
    with file_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix=TEMPORARY_PREFIX) as temporary:
            for name, data in files.items():
                path = Path(temporary) / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
            for name in files:
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (Path(temporary) / name).replace(folder / name)
        for name in old.difference(files):
            (folder / name).unlink()
            with suppress(OSError):  # other files are in it
                (folder / name).parent.rmdir()


def _written(folder: Path) -> frozenset[str]:
    """Return the names of the files that the folder's own list says a replay wrote."""
    try:
        content = json.loads((folder / LIST).read_bytes())
        return frozenset(map(str, content["files"]))
    except (OSError, ValueError, KeyError, TypeError):
        return frozenset()


def _entries(folder: Path) -> Iterator[str]:
    """Yield the names of all files and links below a folder.

    Left out is what a replay that was killed has left.
    """
    for where, folders, files in os.walk(folder):
        place = Path(where)
        links = [name for name in folders if (place / name).is_symlink()]
        folders[:] = sorted(name for name in folders if not name.startswith(TEMPORARY_PREFIX))
        for name in sorted([*files, *links]):
            yield str((place / name).relative_to(folder))
