"""A server keeps what a bucket is asked for beside a name."""

from pathlib import Path
from typing import Any

import pytest
from boto3.s3.transfer import TransferConfig

from job.storage import open_store, s3

pytestmark = pytest.mark.integration


def test_all_ways_to_write_ask_for_encryption(
    moto: Any, moto_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Small and large objects, and one that must not be there: a bucket's policy may demand it."""
    in_parts = TransferConfig(multipart_threshold=5 << 20, multipart_chunksize=5 << 20)
    monkeypatch.setattr(s3, "TRANSFER", in_parts)
    monkeypatch.setenv("AL_S3_ENCRYPTION", "aws:kms")
    monkeypatch.setenv("AL_S3_KMS_KEY_ID", "key-1")
    (tmp_path / "file").write_bytes(bytes(6 << 20))
    store, bucket = open_store(moto_url), moto_url.split("/")[2]
    store.write("written", b"x")
    store.write("created", b"x", if_absent=True)
    store.upload("uploaded", tmp_path / "file")
    for key in ("written", "created", "uploaded"):
        kept = moto.client.head_object(Bucket=bucket, Key=f"some/prefix/{key}")
        assert (kept["ServerSideEncryption"], kept["SSEKMSKeyId"]) == ("aws:kms", "key-1"), key
    assert kept["ETag"].endswith('-2"')  # of two parts
    assert store.read("uploaded") == bytes(6 << 20)
