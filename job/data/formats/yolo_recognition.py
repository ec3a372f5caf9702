"""Whether a folder looks like YOLO, in Ultralytics' layout or in Darknet's."""

from collections.abc import Iterator, Mapping
from itertools import islice

from job.data.formats.files import SourceFiles, is_image
from job.data.formats.recognition import NO_TEST_SET, Contents, Recognised
from job.data.formats.yolo_description import NO_TEST, Description, read_description
from job.data.formats.yolo_labels import read_labels
from job.data.formats.yolo_paths import label_names
from job.errors import AlJobError

USUAL = ("data.yaml", "data.yml", "dataset.yaml", "obj.data")
"""Descriptions by their names: what is wrong with one of them is told."""
NUM_TRIED = 20
ANY_CLASS = ("",) * 1000


def recognise_yolo(contents: Contents) -> Iterator[Recognised]:
    """Yield the options for each description of a data set that lies directly in the folder."""
    is_found = False
    for name in contents.directly(".yaml", ".yml", ".data"):
        try:
            description = read_description(contents.files, name)
        except AlJobError as error:
            if name in USUAL:
                is_found = True
                yield Recognised(f"the description {name}, with a mistake", advice=str(error))
            continue
        if description.splits:
            is_found = True
            yield _recognised(contents, name, description)
    if not is_found and _has_labels(contents):
        yield Recognised(
            "label files of YOLO, but no data.yaml",
            advice=(
                "write a data.yaml with names (the classes in the order of their numbers), train "
                "and val (the folders of images)"
            ),
        )


def _recognised(contents: Contents, name: str, description: Description) -> Recognised:
    splits = description.splits
    pool = next(each for each in ("train", *splits) if each in splits)
    test = next((each for each in ("val", "test") if _is_test(splits, each, pool)), NO_TEST)
    options = {"data": contents.files.where(name), "pool": pool, "test": test}
    usual = {"pool": "train", "test": "val"}
    return Recognised(
        f"{name} with the splits {', '.join(splits)}{NO_TEST_SET if test == NO_TEST else ''}",
        {option: value for option, value in options.items() if usual.get(option) != value},
    )


def _is_test(splits: Mapping[str, tuple[str, ...]], test: str, pool: str) -> bool:
    """Return whether a split is there, and has other images than the pool."""
    return test in splits and not set(splits[test]) & set(splits[pool])


def _has_labels(contents: Contents) -> bool:
    """Return whether one of the first images has a label file with boxes."""
    images = islice(filter(is_image, contents.names), NUM_TRIED)
    labels = (name for image in images for name in label_names(image) if contents.has(name))
    return any(_is_label_file(contents.files, name) for name in labels)


def _is_label_file(files: SourceFiles, name: str) -> bool:
    try:
        labels = read_labels(files.read(name), name, ANY_CLASS)
    except AlJobError:
        return False
    return bool(labels.boxes) and not labels.unreadable
