"""How Label Studio gets the images: they are uploaded, or lie in the bucket of the store."""

import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Protocol
from urllib.parse import urlsplit

from job.annotation.batch import PickedImage
from job.annotation.http import File
from job.annotation.label_studio.client import LabelStudioClient
from job.annotation.tool import ReadImages
from job.data.decoding import SUFFIXES
from job.errors import ConfigError, TemporaryError
from job.keys import ExperimentKeys
from job.storage import Store
from job.storage.opening import s3_place

MAX_FILES = 100
"""Of one upload: Label Studio takes no more."""
MAX_BYTES = 16 << 20
"""Of one upload; an image that is larger goes alone."""


class Images(Protocol):
    """Makes images known to Label Studio."""

    def addresses(
        self, project: int, images: Sequence[PickedImage], read_images: ReadImages
    ) -> Mapping[str, str]:
        """Return the address of each of these images, by id; those that are there are left."""


class Uploads(Images):
    """Images that are uploaded to a project, named by their digest."""

    def __init__(self, client: LabelStudioClient) -> None:
        self._client = client

    def addresses(
        self, project: int, images: Sequence[PickedImage], read_images: ReadImages
    ) -> Mapping[str, str]:
        """Upload what the project lacks, and return the addresses."""
        names = {image.id: file_name(image) for image in images}
        there = self.find(project)
        lacking = _first_of_each(names, there)
        files = ((names[image.id], image.data) for image in read_images(lacking))
        if lacking:
            self.upload(project, files)
            there = self.find(project)
        if lost := [name for name in names.values() if name not in there]:
            message = f"{self._client.server.url}: {lost[0]} is gone right after it was uploaded"
            raise TemporaryError(message)
        return {image_id: there[name] for image_id, name in names.items()}

    def find(self, project: int) -> dict[str, str]:
        """Return the addresses of a project's uploads by the names that they were given.

        Label Studio puts eight letters and a dash before a name. Of two the first one counts.
        """
        rows = self._client.get(f"/api/projects/{project}/file-uploads", all="true")
        rows = sorted(rows, key=lambda row: int(row["id"]), reverse=True)
        base = urlsplit(self._client.server.url).path
        return {
            PurePosixPath(row["file"]).name.partition("-")[2]: f"{base}/data/{row['file']}"
            for row in rows
        }

    def upload(self, project: int, files: Iterable[File]) -> None:
        """Upload files, so many at a time as Label Studio takes."""
        path = f"/api/projects/{project}/import?commit_to_project=false"
        for chunk in _chunks(files):
            self._client.send("POST", path, files=chunk)


class Copies(Images):
    """Copies of the images in the bucket of the store, which Label Studio reads by itself."""

    def __init__(self, client: LabelStudioClient, store: Store, experiment: str) -> None:
        """Remember where the copies lie.

        Raises:
            ConfigError: The store is not in a bucket of S3.
        """
        place = s3_place(store.url)
        if place is None:
            message = (
                f"annotation.label_studio.images: s3 needs a store in a bucket of S3, and "
                f"this one is {store.url}: take upload"
            )
            raise ConfigError(message)
        self._client = client
        self._store = store
        self._bucket, prefix = place
        self._folder = ExperimentKeys(experiment).images
        self._prefix = f"{prefix}/{self._folder}" if prefix else self._folder

    def addresses(
        self, project: int, images: Sequence[PickedImage], read_images: ReadImages
    ) -> Mapping[str, str]:
        """Copy what the bucket lacks, connect the project, and return the addresses."""
        names = {image.id: file_name(image) for image in images}
        there = set(self._store.list_names(self._folder))
        lacking = _first_of_each(names, there)
        for image in read_images(lacking) if lacking else ():
            self._store.write(self._folder + names[image.id], image.data)
        self._connect(project)
        start = f"s3://{self._bucket}/{self._prefix}"
        return {image_id: start + name for image_id, name in names.items()}

    def _connect(self, project: int) -> None:
        """Let the project read the copies, by the credentials of Label Studio's own server."""
        found = self._client.get("/api/storages/s3", project=project)
        if any(row["bucket"] == self._bucket for row in found):
            return
        place = {"bucket": self._bucket, "prefix": self._prefix.rstrip("/")}
        # Served by Label Studio itself: a browser needs neither the bucket's address nor CORS.
        how = {"title": "al-voc", "use_blob_urls": True, "presign": False}
        self._client.send(
            "POST", "/api/storages/s3", {"project": project, **place, **how, **_s3_server()}
        )


def _first_of_each(names: dict[str, str], there: Collection[str]) -> list[str]:
    """Return the ids of images to bring, one of those that are copies of each other."""
    firsts = {name: image_id for image_id, name in reversed(names.items()) if name not in there}
    return [image_id for image_id, name in names.items() if firsts.get(name) == image_id]


def _s3_server() -> dict[str, str | None]:
    """Return the server of the store's bucket, by the variables that name it to us, too."""
    get = os.environ.get
    return {
        "s3_endpoint": get("AWS_ENDPOINT_URL_S3") or get("AWS_ENDPOINT_URL"),
        "region_name": get("AWS_REGION") or get("AWS_DEFAULT_REGION"),
    }


def file_name(image: PickedImage) -> str:
    """Return the name of an image's file in Label Studio, which says its bytes."""
    suffix = f".{image.suffix.rpartition('.')[2].lower()}"
    return image.sha256 + (suffix if suffix in SUFFIXES else SUFFIXES[0])


def _chunks(files: Iterable[File]) -> Iterator[list[File]]:
    """Yield files so many at a time as one upload takes."""
    chunk: list[File] = []
    num_bytes = 0
    for file in files:
        if chunk and (len(chunk) == MAX_FILES or num_bytes + len(file[1]) > MAX_BYTES):
            yield chunk
            chunk, num_bytes = [], 0
        chunk.append(file)
        num_bytes += len(file[1])
    if chunk:
        yield chunk
