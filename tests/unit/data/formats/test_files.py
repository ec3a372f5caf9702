"""The files of a source in a folder."""

from pathlib import Path

import pytest

from job.data.formats.files import LocalFiles
from job.errors import BadDataError, MissingObjectError


@pytest.fixture
def files(tmp_path: Path) -> LocalFiles:
    """Five files of one byte, in the folder and below it."""
    for name in ("a/b/c.jpg", "a.jpg", "a-1.jpg", "a/z.jpg", "B.jpg"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    return LocalFiles(tmp_path)


def test_names_are_in_code_point_order_over_all_folders(files: LocalFiles) -> None:
    """A slash sorts between `.` and `0`, as in a listing of a bucket; capitals come first."""
    assert list(files.names()) == ["B.jpg", "a-1.jpg", "a.jpg", "a/b/c.jpg", "a/z.jpg"]


def test_a_link_to_an_outer_folder_is_not_followed_for_ever(
    files: LocalFiles, tmp_path: Path
) -> None:
    """Links to other folders are followed, since photographs often lie on another disk."""
    (tmp_path / "a" / "loop").symlink_to(tmp_path)
    (tmp_path / "link").symlink_to(tmp_path / "a" / "b")
    assert "link/c.jpg" in files.names()
    assert not [name for name in files.names() if name.startswith("a/loop")]


def test_a_folder_below_has_its_own_names(files: LocalFiles) -> None:
    """It need not exist."""
    assert list(files.below("a").names()) == ["b/c.jpg", "z.jpg"]
    assert list(files.below("nowhere").names()) == []
    assert [files.below(name).exists() for name in ("a", "nowhere")] == [True, False]


def test_only_a_file_has_a_size(files: LocalFiles) -> None:
    """A folder has none, nor has a name that no file can have."""
    names = ("a.jpg", "a", "nowhere.jpg", "a\0b", "x" * 5000)
    assert [files.size(name) for name in names] == [1, -1, -1, -1, -1]


def test_what_cannot_be_read_is_told_in_one_line(files: LocalFiles, tmp_path: Path) -> None:
    """A missing file is an error of its own, so that a format may do without it."""
    assert files.read("a.jpg") == b"x"
    with pytest.raises(MissingObjectError, match=rf"^{tmp_path}/b\.jpg: no such image$"):
        files.read("b.jpg", "image")
    with pytest.raises(BadDataError, match=r"/a: is a directory$"):
        files.read("a")
    with pytest.raises(BadDataError, match="embedded null"):
        files.read("a\0b")
