"""Whether a folder looks like YOLO, in Ultralytics' layout or in Darknet's."""

from collections.abc import Iterator
from itertools import islice

from job.data.formats.files import SourceFiles, is_image
from job.data.formats.recognition import Contents, Recognised
from job.data.formats.yolo_description import Description, read_description
from job.data.formats.yolo_labels import read_labels
from job.data.formats.yolo_paths import find, is_folder, label_names
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
    known = list(description.splits)
    options = {"data": contents.files.where(name)}
    first = next(iter(description.splits.values()))[0]
    if not is_folder(contents.files, description.path) and find(first, contents.has):
        options["root"] = contents.files.where()
    if "train" not in known:
        options["pool"] = "SPLIT"
    if "val" not in known:
        options["test"] = "test" if "test" in known else "SPLIT"
    advice = ""
    if "SPLIT" in options.values():
        advice = f"{name} has only {', '.join(known)}: it needs a split for pool and one for test"
    return Recognised(f"{name} with the splits {', '.join(known)}", options, advice)


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
