"""Whether a folder looks like Pascal VOC, and which of its lists are pool and test."""

import re
from collections.abc import Iterator, Sequence

from job.data.formats.recognition import NO_TEST_SET, Contents, Recognised
from job.errors import BadDataError

LISTS = "ImageSets/Main"
ROOT_ELEMENT = b"<annotation"
NUM_BYTES = 1000
"""The root element is looked for in so much of a file."""


def recognise_voc(contents: Contents) -> Iterator[Recognised]:
    """Yield the options for a flat folder, or for a devkit with a folder for each year."""
    devkit = contents.below("VOCdevkit")
    years = {
        folder.removeprefix("VOC"): lists
        for place in (contents, devkit)
        for folder in place.folders()
        if re.fullmatch(r"VOC\d{4}", folder) and (lists := _lists(place.below(folder)))
    }
    if years:
        yield _recognised(contents, years)
    elif lists := _lists(contents):
        yield _recognised(contents, {"": lists})
    elif _has_annotation(contents):
        yield Recognised(
            f"XML files of Pascal VOC, but no lists in {LISTS}",
            advice=(
                f"put images into JPEGImages, XML files into Annotations, and the ids of the pool "
                f"and of the test set into {LISTS}/train.txt and {LISTS}/test.txt"
            ),
        )


def _lists(contents: Contents) -> tuple[str, ...]:
    """Return the lists of images of a folder, without those of one class, such as cat_train."""
    if not contents.has("Annotations"):
        return ()
    stems = [name.removesuffix(".txt") for name in contents.below(LISTS).directly(".txt")]
    return tuple(
        stem
        for stem in stems
        if not ("_" in stem and stem.rpartition("_")[2] in {"train", "val", "trainval", "test"})
    )


def _recognised(contents: Contents, years: dict[str, tuple[str, ...]]) -> Recognised:
    has_test = any("test" in lists for lists in years.values())
    pool = _joined(years, ("trainval", "train", "default") if has_test else ("train", "default"))
    test = _joined(years, ("test",) if has_test else ("val",))
    known = ", ".join(_named(year, name) for year, lists in years.items() for name in lists)
    options = {"root": contents.files.where(), "pool": pool or "LIST"} | (
        {"test": test} if test else {}
    )
    return Recognised(
        f"Annotations, and {LISTS} with {known}{'' if test else NO_TEST_SET}",
        options,
        "" if pool else "name the list of the pool, which has the ids of its images, a line each",
    )


def _joined(years: dict[str, tuple[str, ...]], wanted: Sequence[str]) -> str:
    """Return the first wanted list that each year has, joined."""
    found = (
        _named(year, next(name for name in wanted if name in lists))
        for year, lists in sorted(years.items())
        if set(lists) & set(wanted)
    )
    return "+".join(found)


def _named(year: str, name: str) -> str:
    return f"{year}/{name}" if year else name


def _has_annotation(contents: Contents) -> bool:
    """Return whether the first XML file is one of VOC's."""
    name = next((name for name in contents.names if name.endswith(".xml")), None)
    try:
        return name is not None and ROOT_ELEMENT in contents.files.read(name)[:NUM_BYTES]
    except BadDataError:
        return False
