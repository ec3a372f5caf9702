"""The objects of a bucket as the files of a source, without a server."""

from collections.abc import Iterator

import pytest

from job.data.formats.s3_files import S3Files
from job.errors import MissingObjectError
from job.storage.s3 import S3Store


class Bucket(S3Store):
    """Two photographs, which this server lists in an order of its own."""

    num_lists = 0

    def scan_sizes(self, prefix: str) -> Iterator[tuple[str, int]]:
        self.num_lists += 1
        keys = {"photos/b.jpg": 2, "photos/a/c.jpg": 3, "photos/a.jpg": 1}
        return ((key, size) for key, size in keys.items() if key.startswith(prefix))

    def read(self, key: str) -> bytes:
        message = f"{key} at http://server: no such object"
        raise MissingObjectError(message)


def test_names_and_sizes_come_from_one_listing() -> None:
    """No image is asked for its size, and the order is that of a folder."""
    bucket = Bucket("camera")
    files = S3Files(bucket, "photos/")
    assert list(files.names()) == ["a.jpg", "a/c.jpg", "b.jpg"]
    assert [files.size(name) for name in ("a.jpg", "b.jpg", "a", "z")] == [1, 2, -1, -1]
    assert bucket.num_lists == 1


def test_a_folder_of_a_bucket_is_a_longer_prefix() -> None:
    """Messages name the URL."""
    files = S3Files(Bucket("camera"), "").below("photos").below("a")
    assert list(files.names()) == ["c.jpg"]
    assert files.where() == "s3://camera/photos/a"
    with pytest.raises(MissingObjectError, match=r"^s3://camera/photos/a/x.jpg: no such image$"):
        files.read("x.jpg", "image")
