"""Finding the image of a pool that a label belongs to."""

from job.data.dataset import Dataset
from job.data.ingest.validate import ValidImage
from job.errors import BadDataError


class PoolImages:
    """Ids, digests and sizes of a data set's images."""

    def __init__(self, dataset: Dataset) -> None:
        table = dataset.index("pool").select(["id", "sha256", "width", "height"])
        rows = list(zip(*table.to_pydict().values(), strict=True))
        self._digests: dict[str, str] = {image_id: sha256 for image_id, sha256, _, _ in rows}
        self._ids: dict[str, str] = {sha256: image_id for image_id, sha256, _, _ in reversed(rows)}
        self._sizes = {image_id: (width, height) for image_id, _, width, height in rows}
        self._test_ids = frozenset(dataset.ids("test"))
        self._test_digests = frozenset(dataset.index("test")["sha256"].to_pylist())
        self._places = {image_id: number for number, (image_id, *_) in enumerate(rows)}

    def place(self, image_id: str) -> int:
        """Return the place in the index of an image of the pool."""
        return self._places[image_id]

    def has_bytes_of(self, image_id: str, image: ValidImage) -> bool:
        """Return whether an image of the pool has the bytes of another image."""
        return self._digests[image_id] == image.sha256

    def find(self, image: ValidImage) -> str:
        """Return the id of the pool's image that an image is a copy of.

        It has the same bytes, or else the same id and the same size.

        Raises:
            BadDataError: There is no such image, or it is in the test set.
        """
        if self._digests.get(image.id) == image.sha256:
            return image.id
        if image.sha256 in self._ids:
            return self._ids[image.sha256]
        if image.sha256 in self._test_digests or image.id in self._test_ids:
            message = f"{image.where}: {image.id!r} is in the test set, whose labels stay"
            raise BadDataError(message)
        if image.id not in self._sizes:
            message = (
                f"{image.where}: the pool has no image of the id {image.id!r}, and none of the "
                "same bytes"
            )
            raise BadDataError(message)
        size = (image.annotation.width, image.annotation.height)
        if size != self._sizes[image.id]:
            message = (
                f"{image.where}: {_told(size)} pixels, but {image.id!r} of the pool has "
                f"{_told(self._sizes[image.id])}: its boxes belong to another size"
            )
            raise BadDataError(message)
        return image.id


def _told(size_wh: tuple[int, int]) -> str:
    return f"{size_wh[0]} x {size_wh[1]}"
