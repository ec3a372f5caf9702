"""The oracle: the simulated annotator, who answers with the data set's own ground truth.

Beside it, only ingest reads `oracle/annotations.parquet` of a data set.
"""

from collections.abc import Sequence

from job.annotators.base import Annotator
from job.data.ground_truth import read_ground_truth
from job.errors import BadDataError, MissingLabelsError
from job.records.annotation import Annotation


class Oracle(Annotator):
    """Knows the ground truth of the pool."""

    def annotate(self, ids: Sequence[str]) -> dict[str, Annotation]:
        """Return the ground truth of images of the pool, in the order of `ids`.

        Raises:
            BadDataError: The table of the ground truth is damaged, or lacks an image.
            MissingLabelsError: The pool has no ground truth.
        """
        if not self.dataset.has_ground_truth:
            message = (
                f"{len(ids)} images of data set {self.dataset.keys.name!r} have no label yet, such "
                f"as {ids[0]!r}"
            )
            raise MissingLabelsError(message)
        found = read_ground_truth(self.dataset, ids)
        if missing := [image_id for image_id in ids if image_id not in found]:
            place = f"{self.dataset.store.url}: {self.dataset.annotations_key}"
            message = f"{place} has no image {missing[0]!r}"
            raise BadDataError(message)
        return {image_id: found[image_id] for image_id in ids}
