"""What formats that read files have in common."""

import pytest

from job.cli.source_options import parse_source
from job.data.formats.coco import CocoSource
from job.data.formats.voc import VocSource
from job.errors import UsageError


@pytest.mark.parametrize("option", ["--source-endpoint", "--source-profile"])
def test_keys_of_a_bucket_are_refused_for_a_folder(option: str) -> None:
    """They would be without any effect."""
    with pytest.raises(UsageError, match=rf"^ingest voc: {option}: it is for files in a"):
        parse_source("--test", f"voc --root . --pool a --test b {option} x")


def test_a_folder_is_opened_once() -> None:
    """Pool and test set may have their images in one folder of a bucket, which is listed once."""
    command = "coco --pool-images s3://b/images --pool-annotations s3://b/train.json"
    source = parse_source("--test", command)
    assert isinstance(source, CocoSource)
    assert source.files("s3://b/images") is source.files("s3://b/images")


def test_a_bucket_is_not_downloaded_to() -> None:
    """The archives are unpacked into a folder."""
    source = VocSource(root="s3://b/voc", pool="2007/trainval", test="2007/test", download=True)
    with pytest.raises(UsageError, match="--download: s3://b/voc is a URL"):
        source.prepare()
