"""The images that a command names."""

from pathlib import Path

import pytest

from job.errors import UsageError
from job.predict.images import find_images


def touch(*paths: Path) -> None:
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def names(*places: Path) -> list[str]:
    return [image.name for image in find_images(places)]


def test_a_folder_has_the_images_of_its_subfolders(tmp_path: Path) -> None:
    """They are named by their paths below it, in order; hidden files and other files are not."""
    touch(tmp_path / "b/2.PNG", tmp_path / "a.jpg", tmp_path / "b/notes.txt")
    touch(tmp_path / ".hidden.jpg", tmp_path / ".cache/c.jpg")
    assert names(tmp_path) == ["a.jpg", "b/2.PNG"]


def test_a_file_is_taken_whatever_its_suffix(tmp_path: Path) -> None:
    """Whoever names a file means it, and its content says what it is."""
    touch(tmp_path / "one.dat")
    assert names(tmp_path / "one.dat") == ["one.dat"]


def test_an_image_that_is_named_twice_is_taken_once(tmp_path: Path) -> None:
    """By its folder and by itself, it is the same file."""
    touch(tmp_path / "a/1.jpg")
    assert names(tmp_path, tmp_path / "a/1.jpg", tmp_path / "a") == ["a/1.jpg"]


def test_two_images_of_one_name_are_refused(tmp_path: Path) -> None:
    """Nobody could tell their results apart; the folder above them can be named instead."""
    touch(tmp_path / "a/1.jpg", tmp_path / "b/1.jpg")
    with pytest.raises(UsageError, match=r"a/1\.jpg and .*b/1\.jpg would both be called 1\.jpg"):
        names(tmp_path / "a", tmp_path / "b")
    assert names(tmp_path) == ["a/1.jpg", "b/1.jpg"]


def test_a_place_without_images_is_refused(tmp_path: Path) -> None:
    """One line says whether it is missing, or what it should hold."""
    with pytest.raises(UsageError, match="gone: no such file or folder"):
        names(tmp_path / "gone")
    with pytest.raises(UsageError, match=r"holds no image \(\.jpg, \.jpeg, \.png"):
        names(tmp_path)
