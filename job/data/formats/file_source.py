"""What formats that read files have in common: where the files lie, and the keys of a bucket."""

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Self

from pydantic import BeforeValidator, model_validator

from job.data.formats.base import Source
from job.data.formats.files import LocalFiles, SourceFiles
from job.errors import UsageError
from job.runtime.paths import user_path
from job.storage.opening import s3_place
from job.storage.s3_access import S3Access, without_keys

if TYPE_CHECKING:
    from job.storage.s3 import S3Store

Place = Annotated[str, BeforeValidator(str)]
"""An option that names a folder or a file of a source: a path, or s3://bucket/prefix."""

READ_RIGHTS = "s3:GetObject and s3:ListBucket"


class FileSource(Source):
    """A source that reads files: what such formats have in common."""

    source_endpoint: str | None = None
    """URL of the S3 server of an s3:// source, if it is not the store's."""
    source_profile: str | None = None
    """Profile of the AWS files with the keys of an s3:// source, if they are not the store's."""

    @model_validator(mode="after")
    def _check_access(self) -> Self:
        for name in ("source_endpoint", "source_profile"):
            if getattr(self, name) and not self.is_remote:
                message = f"--{name.replace('_', '-')}: it is for files in a bucket, s3://..."
                raise ValueError(message)
        return self

    @property
    def is_remote(self) -> bool:
        """Whether a part of the source is in a bucket."""
        values = (getattr(self, name) for name in type(self).model_fields)
        return any(is_url(value) for value in values if isinstance(value, str))

    def files(self, folder: str) -> SourceFiles:
        """Return the files of a folder that an option names.

        Raises:
            UsageError: It is a URL, but not that of a bucket.
        """
        if folder not in self._folders:
            self._folders[folder] = open_files(folder, self._bucket)
        return self._folders[folder]

    def file(self, place: str) -> tuple[SourceFiles, str]:
        """Return the folder of a file that an option names, and the file's name there.

        Raises:
            UsageError: It is a URL, but not that of an object in a bucket.
        """
        if is_url(place):
            folder, _, name = place.rpartition("/")
            return self.files(folder), name
        path = user_path(place)
        return LocalFiles(path.parent), path.name

    @cached_property
    def _folders(self) -> dict[str, SourceFiles]:
        """The folders by what options say, so that each has one listing."""
        return {}

    @cached_property
    def _buckets(self) -> dict[str, "S3Store"]:
        """The buckets by name, so that each has one client."""
        return {}

    def _bucket(self, name: str) -> "S3Store":
        bucket = open_bucket(name, self.source_endpoint, self.source_profile)
        return self._buckets.setdefault(name, bucket)


def open_files(folder: str, open_bucket: Callable[[str], "S3Store"]) -> SourceFiles:
    """Return the files of a folder.

    Args:
        folder: A path, or s3://bucket/prefix.
        open_bucket: Returns a bucket by its name.

    Raises:
        UsageError: It is a URL, but not that of a bucket.
    """
    if not is_url(folder):
        return LocalFiles(user_path(folder))
    at = s3_place(folder)
    if at is None:
        message = f"{without_keys(folder)}: expected a path, or s3://bucket/prefix"
        raise UsageError(message)
    from job.data.formats.s3_files import S3Files  # noqa: PLC0415 - it loads boto3

    return S3Files(open_bucket(at[0]), f"{at[1]}/" if at[1] else "")


def open_bucket(name: str, endpoint: str | None, profile: str | None) -> "S3Store":
    """Return a bucket that sources are in, with the access that the two options give."""
    from job.storage.s3 import S3Store  # noqa: PLC0415 - boto3 takes a third of a second

    return S3Store(name, "", S3Access(endpoint, profile, "source", READ_RIGHTS))


def is_url(place: str) -> bool:
    """Return whether an option names a place by URL, and not a path."""
    return "://" in place
