"""An annotator: one box around each image."""

from collections.abc import Sequence

import numpy as np

from job.annotators import Annotation, Annotator


class FullFrame(Annotator):
    """Finds a disc in every image, as large as the image."""

    def annotate(self, ids: Sequence[str]) -> dict[str, Annotation]:
        """Return the annotations of images of the pool, in the order of `ids`."""
        box = np.array([[0, 0, 64, 64]], np.float32)
        return {each: Annotation(64, 64, box, ("disc",), (False,), (False,)) for each in ids}
