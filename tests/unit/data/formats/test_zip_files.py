"""The files of a zip archive as those of a source."""

import zipfile
from pathlib import Path

import pytest

from job.data.formats import zip_files
from job.data.formats.zip_files import ZipFiles
from job.errors import BadDataError, MissingObjectError


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """An archive of three files."""
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as opened:
        opened.mkdir("empty")
        for name in ("b/c.txt", "a.txt", "b/d/e.txt"):
            opened.writestr(name, f"I am {name}" * 20)
    return path


def test_an_archive_is_like_a_folder(archive: Path) -> None:
    """Its files by name, in order, and a folder of it by a longer prefix."""
    files = ZipFiles(archive)
    assert list(files.names()) == ["a.txt", "b/c.txt", "b/d/e.txt"]
    assert files.read("a.txt") == b"I am a.txt" * 20
    assert (files.size("a.txt"), files.size("b"), files.has("z")) == (200, -1, False)
    below = files.below("b").below("d")
    assert (list(below.names()), below.exists()) == (["e.txt"], True)
    assert not files.below("z").exists()
    assert below.where("e.txt") == f"{archive}: b/d/e.txt"
    assert files.where() == str(archive)


def test_the_list_of_an_archive_is_read_once(
    archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is as long as there are files, so reading it for each would take hours."""
    opened: list[Path] = []

    class Counted(zipfile.ZipFile):
        def __init__(self, file: Path) -> None:
            opened.append(file)
            super().__init__(file)

    monkeypatch.setattr(zip_files, "ZipFile", Counted)
    files = ZipFiles(archive)
    assert files.read("a.txt") == b"I am a.txt" * 20
    assert files.below("b").read("c.txt") == b"I am b/c.txt" * 20
    assert opened == [archive]


def test_a_file_that_is_missing_is_told_by_what_it_should_be(archive: Path) -> None:
    """With the archive."""
    with pytest.raises(MissingObjectError, match=r"a.zip: z.txt: no such list$"):
        ZipFiles(archive).read("z.txt", "list")


def test_an_archive_that_is_damaged_is_refused(
    archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cut, changed, or with a file that is said to be huge."""
    data = archive.read_bytes()
    files = ZipFiles(archive)
    monkeypatch.setattr(zip_files, "MAX_BYTES", 10)
    with pytest.raises(BadDataError, match=r"a.txt: larger than "):
        files.read("a.txt")
    monkeypatch.undo()
    at = data.index(b"a.txt") + 5
    archive.write_bytes(data[:at] + b"\xff" * 4 + data[at + 4 :])
    with pytest.raises(BadDataError, match=r"a.zip: a.txt: damaged: "):
        files.read("a.txt")
    archive.write_bytes(data[:-30])
    with pytest.raises(BadDataError, match=r"a.zip: not a zip archive, or not all of it"):
        ZipFiles(archive)
