"""The oracle: the simulated annotator, who answers with the data set's own ground truth.

Beside it, only ingest reads `oracle/annotations.parquet` of a data set.
"""

from collections.abc import Sequence

from job.annotators.base import Annotator
from job.data.ground_truth import read_ground_truth
from job.errors import BadDataError
from job.records.annotation import Annotation


class Oracle(Annotator):
    """Knows the ground truth of the pool."""

    def annotate(self, ids: Sequence[str]) -> dict[str, Annotation]:
        """Return the labels of images of the pool, in the order of `ids`.

        The ground truth answers, unless the data set has a label that came along or corrects it.

        Raises:
            BadDataError: The table of the ground truth is damaged, or lacks an image. Or the pool
                has no ground truth, and nobody has labelled an image yet.
        """
        known = self.dataset.known_labels(ids)
        asked = [image_id for image_id in ids if image_id not in known]
        found = known | (self._ground_truth(asked) if asked else {})
        return {image_id: found[image_id] for image_id in ids}

    def _ground_truth(self, ids: Sequence[str]) -> dict[str, Annotation]:
        name = self.dataset.keys.name
        if not self.dataset.has_ground_truth:
            message = (
                f"data set {name!r}: {len(ids)} picks have no label, such as {ids[0]!r}: label "
                f"them, add the labels with `al-job ingest labels FORMAT --dataset {name}`, and "
                "move the experiment to the new version of the data set"
            )
            raise BadDataError(message)
        found = read_ground_truth(self.dataset, ids)
        if missing := [image_id for image_id in ids if image_id not in found]:
            place = f"{self.dataset.store.url}: {self.dataset.annotations_key}"
            message = f"{place} has no image {missing[0]!r}"
            raise BadDataError(message)
        return found
