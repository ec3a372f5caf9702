"""What messages call the parts of Google's and of Microsoft's cloud."""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Cloud:
    """A kind of object storage that `obstore` reaches."""

    bucket: str
    """What objects are in."""
    endpoint: str
    """The variable that names another server."""
    credentials: str
    """What says as whom."""
    rights: str
    """What the credentials have to permit."""


CLOUDS = {
    "gs": Cloud(
        "bucket",
        "GOOGLE_BASE_URL",
        "GOOGLE_APPLICATION_CREDENTIALS, or the service account of the pod",
        "the role Storage Object User",
    ),
    "az": Cloud(
        "container",
        "AZURE_STORAGE_ENDPOINT",
        "AZURE_STORAGE_ACCOUNT_KEY, AZURE_STORAGE_SAS_TOKEN, or the identity of the pod",
        "the role Storage Blob Data Contributor",
    ),
}
"""By the scheme of URLs."""


def cloud_place(url: str) -> tuple[str, str, str] | None:
    """Return scheme, bucket and prefix of `gs://bucket/prefix`, or `az://container/prefix`."""
    found = re.fullmatch("(gs|az)://([A-Za-z0-9._-]+)(?:/(.*))?", url)
    return (found[1], found[2], (found[3] or "").strip("/")) if found else None
