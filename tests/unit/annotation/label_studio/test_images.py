"""How Label Studio gets the images."""

from dataclasses import replace

import pytest

from job.annotation.label_studio import images
from job.annotation.label_studio.client import LabelStudioClient
from job.annotation.label_studio.images import Copies, file_name
from job.errors import ConfigError, TemporaryError
from job.keys import ExperimentKeys
from job.storage.memory import MemoryStore
from tests.label_studio.asking import PHOTOS, Place, batch, before_each_request, read_images
from tests.label_studio.double import LEGACY, running_double


class Bucket(MemoryStore):
    """A store that says that it is a bucket."""

    @property
    def url(self) -> str:
        return "s3://bucket/some/prefix"


@pytest.mark.parametrize(
    ("suffix", "expected"), [(".jpg", ".jpg"), (".PNG", ".png"), (".img", ".jpg"), ("", ".jpg")]
)
def test_a_file_is_named_by_its_bytes(suffix: str, expected: str) -> None:
    """Its suffix is one that Label Studio takes."""
    image = replace(batch().images[0], suffix=suffix)
    assert file_name(image) == image.sha256 + expected


@pytest.mark.parametrize(("max_files", "max_bytes"), [(2, 1 << 20), (100, len(PHOTOS["p/0"]) * 2)])
def test_uploads_are_cut_by_number_and_bytes(
    max_files: int, max_bytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Five images in three uploads, of which no one is too large."""
    monkeypatch.setattr(images, "MAX_FILES", max_files)
    monkeypatch.setattr(images, "MAX_BYTES", max_bytes)
    sent: list[str] = []
    with running_double() as double:
        place = Place(double.url, "x")
        client = LabelStudioClient(double.url, LEGACY)
        before_each_request(monkeypatch, client, sent.append)
        place.tool(client).push(place.batch(), read_images)
        assert len([each for each in sent if "import?commit" in each]) == 3
        assert len(place.uploads) == len(PHOTOS)


def test_copies_lie_in_the_bucket(monkeypatch: pytest.MonkeyPatch) -> None:
    """By their digest, below the experiment; the project is connected once, and by no secret."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://s3.example.org")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    store = Bucket()
    with running_double() as double:
        client = LabelStudioClient(double.url, LEGACY)
        copies = Copies(client, store, "mine")
        for _ in range(2):
            addresses = copies.addresses(7, batch().images, read_images)
        assert double.storages == [
            {
                "project": 7,
                "bucket": "bucket",
                "prefix": "some/prefix/experiments/mine/images",
                "title": "al-voc",
                "use_blob_urls": True,
                "presign": False,
                "s3_endpoint": "http://s3.example.org",
                "region_name": "eu-central-1",
            }
        ]
    name = file_name(batch().images[1])
    assert addresses["p/1"] == f"s3://bucket/some/prefix/experiments/mine/images/{name}"
    assert store.read(ExperimentKeys("mine").images + name) == PHOTOS["p/1"]
    assert len(list(store.list("experiments/mine/images/"))) == len(PHOTOS)


def test_copies_need_a_bucket() -> None:
    """Label Studio does not read the store of a directory, nor of another cloud."""
    client = LabelStudioClient("http://localhost", LEGACY)
    with pytest.raises(ConfigError, match=r"s3 needs a store in a bucket of S3.*take upload"):
        Copies(client, MemoryStore(), "mine")


def test_an_upload_that_is_gone_at_once_is_uploaded_at_the_next_look(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Somebody removes what he does not know: no task is made without its image."""
    with running_double() as double:
        place = Place(double.url, "x")
        with monkeypatch.context() as patched:
            patched.setattr(images.Uploads, "upload", lambda *_: None)
            with pytest.raises(TemporaryError, match="is gone right after it was uploaded"):
                place.tool().push(place.batch(), read_images)
        place.tool().push(place.batch(), read_images)
        assert len(place.tool().tasks()) == len(PHOTOS)
