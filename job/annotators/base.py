"""The contract of annotators."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

from job.data.dataset import Dataset
from job.records.annotation import Annotation


class Annotator(ABC):
    """Whoever draws the boxes of a data set's images."""

    def __init__(self, dataset: Dataset) -> None:
        self.dataset = dataset

    @abstractmethod
    def annotate(self, ids: Sequence[str]) -> dict[str, Annotation]:
        """Return the annotations of images of the pool, in the order of `ids`.

        Raises:
            BadDataError: An image has no annotation.
            MissingLabelsError: People have to label an image first.
        """
