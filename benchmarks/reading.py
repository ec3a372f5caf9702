"""Reading a pool from S3: al-voc's shards, one GET an image, and the bare bytes of the shards.

Where webdataset is installed, it reads the same shards, each through a program `curl`.
"""

import argparse
import hashlib
import os
import shutil
import socket
import subprocess
import sysconfig
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager

import boto3
from botocore.config import Config as BotoConfig
from measure import Repeated, Row, fastest, table

from job.data.dataset import SHARDS_AHEAD, Dataset
from job.data.ingest.ingest import ingest
from job.runtime.parallel import in_threads
from job.storage.s3 import S3Store

try:
    import webdataset as wds
except ImportError:
    wds = None

KEYS = ("benchmark-key", "benchmark-secret")


@contextmanager
def server() -> Iterator[None]:
    """An rclone S3 server on this machine, which the environment names."""
    program = shutil.which("rclone", path=sysconfig.get_path("scripts"))
    if program is None:
        message = "rclone is not installed: the dev extra has it"
        raise SystemExit(message)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    with tempfile.TemporaryDirectory() as folder:
        command = [program, "serve", "s3", "--auth-key", ",".join(KEYS), "--config", ""]
        with subprocess.Popen(  # noqa: S603
            [*command, "--addr", address, folder], stderr=subprocess.DEVNULL
        ) as process:
            os.environ |= {
                "AWS_ENDPOINT_URL": f"http://{address}",
                "AWS_ACCESS_KEY_ID": KEYS[0],
                "AWS_SECRET_ACCESS_KEY": KEYS[1],
                "AWS_REGION": "us-east-1",
            }
            try:
                time.sleep(2)
                boto3.client("s3", region_name="us-east-1").create_bucket(Bucket="pool")
                yield
            finally:
                process.terminate()


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=48_000)
    arguments = parser.parse_args()
    with server(), tempfile.TemporaryDirectory() as cache:
        store = S3Store("pool", "state")
        ingest(store, Repeated(num_pool=arguments.images, size=160), "drawn")
        dataset = Dataset.open(store, "drawn")
        ids, shards = dataset.ids("pool"), dataset.shards("pool")
        size = sum(shard.num_bytes for shard in shards) / 1e6
        settings = BotoConfig(signature_version="s3v4")
        client = boto3.client("s3", region_name="us-east-1", config=settings)

        os.environ["AL_CACHE"] = cache

        def read() -> None:
            assert sum(1 for _ in Dataset.open(store, "drawn").iter_images("pool")) == len(ids)  # noqa: S101

        def raw(number: int) -> int:
            key = f"state/{dataset.keys.shard('pool', number)}"
            body = client.get_object(Bucket="pool", Key=key)["Body"]
            return sum(len(chunk) for chunk in body.iter_chunks(1 << 20))

        def checked(number: int) -> str:
            digest, key = hashlib.sha256(), f"state/{dataset.keys.shard('pool', number)}"
            body = client.get_object(Bucket="pool", Key=key)["Body"]
            with tempfile.TemporaryFile(dir=cache) as file:
                for chunk in body.iter_chunks(1 << 20):
                    digest.update(chunk)
                    file.write(chunk)
            return digest.hexdigest()

        def single(image_id: str) -> int:
            return len(dataset.read_image("pool", image_id).data)

        def webdataset() -> None:
            urls = [
                client.generate_presigned_url("get_object", {"Bucket": "pool", "Key": key})
                for key in (f"state/{dataset.keys.shard('pool', n)}" for n in range(len(shards)))
            ]
            pipes = [f"pipe:curl --silent --fail '{url}'" for url in urls]
            samples = wds.WebDataset(pipes, shardshuffle=False, empty_check=False)
            assert sum(1 for _ in samples.to_tuple("__key__", "jpg")) == len(ids)  # noqa: S101

        few = ids[:2000]
        others = {"webdataset": webdataset} if wds and shutil.which("curl") else {}
        seconds = fastest(
            {
                "clear": lambda: shutil.rmtree(cache),
                "ours": read,
                "again": read,
                "raw": lambda: list(in_threads(raw, range(len(shards)), SHARDS_AHEAD, 2)),
                "checked": lambda: list(in_threads(checked, range(len(shards)), SHARDS_AHEAD, 2)),
                "single": lambda: list(in_threads(single, few, SHARDS_AHEAD, 8)),
                **others,
            },
            repeats=3,
        )
    single_seconds = seconds["single"] * len(ids) / len(few)
    what = f"{len(ids):,} images, {len(shards)} shards, {size:.0f} MB"
    beside = (
        f"one GET an image {len(ids) / single_seconds:,.0f} images/s; "
        f"the bare bytes {size / seconds['raw']:,.0f} MB/s, "
        f"with their SHA-256 and into a file {size / seconds['checked']:,.0f} MB/s"
    )
    for name in others:
        beside += f"; {name} {len(ids) / seconds[name]:,.0f} images/s"
    print(
        table(
            [
                Row(
                    f"read a pool from S3: {what}",
                    f"{len(ids) / seconds[name]:,.0f} images/s, {size / seconds[name]:,.0f} MB/s",
                    beside,
                    f"{single_seconds / seconds[name]:.1f}; "
                    f"{100 * seconds['raw'] / seconds[name]:.0f} %, "
                    f"{100 * seconds['checked'] / seconds[name]:.0f} %",
                    aim,
                )
                for name, aim in (
                    ("ours", "5 x; 90 %"),
                    ("again", "(a second time, from the cache)"),
                )
            ]
        )
    )


if __name__ == "__main__":
    main()
