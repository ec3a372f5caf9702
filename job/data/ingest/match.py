"""Finding the image of a pool that a label belongs to."""

import numpy as np

from job.data.dataset import Dataset
from job.data.ingest.validate import ValidImage
from job.errors import BadDataError


class PoolImages:
    """Ids, digests and sizes of a data set's images."""

    def __init__(self, dataset: Dataset) -> None:
        self._ids = dataset.ids("pool")
        self._numbers = {image_id: number for number, image_id in enumerate(self._ids)}
        self._digests = list(dataset.digests("pool"))
        self._by_digest: dict[bytes, str] = {}
        for image_id, digest in zip(self._ids, self._digests, strict=True):
            self._by_digest.setdefault(digest, image_id)
        sizes = dataset.index("pool").select(["width", "height"])
        self._sizes = np.stack([column.to_numpy() for column in sizes.columns], axis=1)
        self._test_ids = frozenset(dataset.ids("test"))
        self._test_digests = frozenset(dataset.digests("test"))

    def place(self, image_id: str) -> int:
        """Return the place in the index of an image of the pool."""
        return self._numbers[image_id]

    def has_bytes_of(self, image_id: str, image: ValidImage) -> bool:
        """Return whether an image of the pool has the bytes of another image."""
        return self._digests[self._numbers[image_id]] == bytes.fromhex(image.sha256)

    def find(self, image: ValidImage) -> str:
        """Return the id of the pool's image that an image is a copy of.

        It has the same bytes, or else the same id and the same size.

        Raises:
            BadDataError: There is no such image, or it is in the test set.
        """
        digest = bytes.fromhex(image.sha256)
        if image.id in self._numbers and self.has_bytes_of(image.id, image):
            return image.id
        if digest in self._by_digest:
            return self._by_digest[digest]
        if digest in self._test_digests or image.id in self._test_ids:
            message = f"{image.where}: {image.id!r} is in the test set, whose labels stay"
            raise BadDataError(message)
        if image.id not in self._numbers:
            message = (
                f"{image.where}: the pool has no image of the id {image.id!r}, and none of the "
                "same bytes"
            )
            raise BadDataError(message)
        self._check_size(image)
        return image.id

    def _check_size(self, image: ValidImage) -> None:
        """Raise unless an image has the size of the pool's image of the same id."""
        size = (image.annotation.width, image.annotation.height)
        width, height = self._sizes[self._numbers[image.id]].tolist()
        if size != (width, height):
            message = (
                f"{image.where}: {size[0]} x {size[1]} pixels, but {image.id!r} of the pool has "
                f"{width} x {height}: its boxes belong to another size"
            )
            raise BadDataError(message)
