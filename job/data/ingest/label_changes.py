"""One pass through labels: which of them a data set does not have yet."""

from contextlib import closing

import numpy as np

from job.data.dataset import Dataset
from job.data.formats.base import Source
from job.data.ground_truth import read_ground_truth
from job.data.ingest.labels_summary import LabelsSummary
from job.data.ingest.match import PoolImages
from job.data.ingest.problems import report
from job.data.ingest.validate import ValidImage, validate_in_threads
from job.data.labels import KnownLabels
from job.errors import BadDataError
from job.records.annotation import Annotation, class_counts
from job.runtime import log

OTHER_BYTES = "have other bytes than those of the pool, and were matched by their ids and sizes"
NO_BOXES = "have no boxes: their labels say that they show no object"

TOLERANCE_PIXELS = 0.5
"""Formats round boxes when they write them. A smaller difference corrects nothing."""


class LabelChanges:
    """The labels of a source that are new to a data set, or differ from those that it has."""

    def __init__(self, base: Dataset, *, correct: bool, skip_bad: bool) -> None:
        """Begin.

        Args:
            base: The data set.
            correct: Whether a label may differ from the one that the data set has.
            skip_bad: List problems and continue. Otherwise the first one is raised.
        """
        self.labels: dict[str, Annotation] = {}
        """The labels that are new or differ, by the ids of the pool's images."""
        self.summary = LabelsSummary()
        self._base, self._correct, self._skip_bad = base, correct, skip_bad
        self._pool = PoolImages(base)
        self._corrected: set[str] = set()

    def read(self, source: Source) -> None:
        """Go through the labels of a source's pool, and find those that change something.

        Raises:
            BadDataError: One is bad, and bad ones are not to be skipped.
        """
        found = self._matched(source)
        known = read_ground_truth(self._base, found) | self._base.known_labels(found)
        for image_id, (annotation, where) in found.items():
            if image_id not in known:
                self.summary.num_added += 1
            elif is_same(known[image_id], annotation):
                self.summary.num_same += 1
                continue
            elif self._correct:
                self.summary.num_corrected += 1
                self._corrected.add(image_id)
            else:
                self._report(f"{where}: {image_id!r} has another label; --correct replaces it")
                continue
            if not annotation.labels:
                self.summary.note(NO_BOXES, image_id)
            self.labels[image_id] = annotation
        counts = class_counts([*self.labels.values()], self._base.classes)
        self.summary.num_boxes = sum(counts.values())

    def merged(self) -> KnownLabels:
        """Return all labels of the version that has these changes."""
        before = self._base.labels
        later = before.later | self.labels
        order = sorted(later, key=self._pool.place)
        corrected = before.corrected | self._corrected
        return KnownLabels(before.given, {each: later[each] for each in order}, corrected)

    def _matched(self, source: Source) -> dict[str, tuple[Annotation, str]]:
        """Return the label of each image, with the file of the image, by the ids of the pool."""
        found: dict[str, tuple[Annotation, str]] = {}
        results = validate_in_threads(
            source.samples("pool"), self._base.classes, "the data set's", is_remote=source.is_remote
        )
        with (
            closing(results),
            log.progress("ingest labels", source.num_images("pool"), "images") as bar,
        ):
            for result in results:
                for problem in result.problems:
                    self._report(problem)
                # Without a box that is bad, the label would say that there is nothing.
                if result.image is not None and not result.problems:
                    self._match(result.image, found)
                bar.advance()
        return found

    def _match(self, image: ValidImage, found: dict[str, tuple[Annotation, str]]) -> None:
        try:
            image_id = self._pool.find(image)
        except BadDataError as error:
            self._report(str(error))
            return
        if image_id in found:
            first = found[image_id][1]
            self._report(f"{image.where}: the label of {image_id!r} came with {first} already")
            return
        if not self._pool.has_bytes_of(image_id, image):
            self.summary.note(OTHER_BYTES, image_id)
        found[image_id] = (image.annotation, image.where)

    def _report(self, problem: str) -> None:
        report(self.summary.problems, problem, skip_bad=self._skip_bad)


def is_same(one: Annotation, other: Annotation) -> bool:
    """Return whether two annotations have the same boxes, in any order and nearly as large."""
    left = [*range(len(other.labels))]
    for i in range(len(one.labels)):
        same = (j for j in left if _kind(one, i) == _kind(other, j))
        distances = {j: np.abs(one.boxes_xyxy[i] - other.boxes_xyxy[j]).max() for j in same}
        nearest = min(distances, key=lambda j: distances[j], default=None)
        if nearest is None or distances[nearest] > TOLERANCE_PIXELS:
            return False
        left.remove(nearest)
    return not left


def _kind(annotation: Annotation, box: int) -> tuple[str, bool, bool]:
    return annotation.labels[box], annotation.difficult[box], annotation.crowd[box]
