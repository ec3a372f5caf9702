"""Where an export goes."""

from pathlib import Path

import pytest

from job.errors import BadDataError, UsageError
from job.export.target import all_or_nothing, open_target


def write_some(out: Path, error: type[BaseException]) -> None:
    """Begin an export that ends with an error."""
    with all_or_nothing(open_target(str(out))) as files:
        files.write("images/b/a.jpg", b"a")
        files.write("labels/a.txt", b"")
        assert (out / "images/b/a.jpg").read_bytes() == b"a"
        raise error


@pytest.mark.parametrize("error", [BadDataError, KeyboardInterrupt])
def test_an_export_that_fails_leaves_nothing(error: type[BaseException], tmp_path: Path) -> None:
    """Whatever ends it, what was written is removed."""
    with pytest.raises(error):
        write_some(tmp_path / "out", error)
    assert list((tmp_path / "out").iterdir()) == []


def test_an_export_takes_a_new_or_an_empty_folder(tmp_path: Path) -> None:
    """Also one with empty folders in it."""
    (tmp_path / "empty" / "deep").mkdir(parents=True)
    for name in ("empty", "new/er"):
        with all_or_nothing(open_target(str(tmp_path / name))) as files:
            files.write("a.txt", b"")
        assert (tmp_path / name / "a.txt").is_file()


def test_what_is_there_is_left_alone(tmp_path: Path) -> None:
    """A folder with a file, a file, and a place that is neither a folder nor a prefix."""
    (tmp_path / "mine.txt").write_text("mine")
    for out, why in {
        str(tmp_path): "holds mine.txt; name an empty or a new place",
        str(tmp_path / "mine.txt"): "is a file; name an empty or a new folder",
        (tmp_path / "mine.txt").as_uri(): "mine.txt: is a file; name an empty or a new folder",
        "ftp://host/a": "--out: .* expected s3://bucket/prefix, gs://bucket/prefix, ",
    }.items():
        with pytest.raises(UsageError, match=why):
            open_target(out)
    assert (tmp_path / "mine.txt").read_text() == "mine"


def test_the_server_of_a_bucket_is_no_option_of_a_folder(tmp_path: Path) -> None:
    """The options would have no effect."""
    for options in ({"endpoint": "http://localhost:1"}, {"profile": "ours"}):
        with pytest.raises(UsageError, match="are for s3://bucket/prefix"):
            open_target(str(tmp_path), **options)
