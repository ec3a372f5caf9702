"""Annotators: who draws the boxes of the images that a round picks.

Holds the annotators by name. May import `job.data` and `job.records`; stages and replay ask here.
"""

from collections.abc import Callable, Sequence

from job.annotators.base import Annotator
from job.data.dataset import Dataset
from job.records.annotation import Annotation
from job.runtime.plugins import Registry

__all__ = ["ANNOTATORS", "Annotation", "Annotator", "find_annotator", "known_labels", "labels_of"]

ANNOTATORS = Registry(
    "annotation.annotator", "al_voc.annotators", {"oracle": "job.annotators.oracle:Oracle"}
)


def find_annotator(name: str) -> type[Annotator]:
    """Return the class of the annotator of that name.

    Raises:
        ConfigError: There is no such annotator.
    """
    return ANNOTATORS.load(name, Annotator)


def labels_of(
    dataset: Dataset, ids: Sequence[str], annotator: str, open_latest: Callable[[], Dataset]
) -> dict[str, Annotation]:
    """Return the labels of images of the pool, in the order of `ids`.

    A label that the data set has beside its ground truth comes first: somebody drew or corrected
    it. The annotator draws the rest. A pool without ground truth has labels only from people, who
    add them in later versions: then the latest version is asked before the annotator.

    Args:
        dataset: The version of the data set.
        ids: The images.
        annotator: The name of the annotator.
        open_latest: Opens the latest version; called only if it is asked.

    Raises:
        MissingLabelsError: People have to label an image first.
        BadDataError: The annotator has no annotation of an image.
    """
    found = known_labels(dataset, ids, open_latest)
    if left := [image_id for image_id in ids if image_id not in found]:
        found |= find_annotator(annotator)(dataset).annotate(left)
    return {image_id: found[image_id] for image_id in ids}


def known_labels(
    dataset: Dataset, ids: Sequence[str], open_latest: Callable[[], Dataset]
) -> dict[str, Annotation]:
    """Return the labels of images for which nobody has to be asked; see `labels_of`."""
    found = dataset.known_labels(ids)
    left = [image_id for image_id in ids if image_id not in found]
    if left and not dataset.has_ground_truth:
        found |= open_latest().known_labels(left)
    return found
