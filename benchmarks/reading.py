"""Reading a pool from S3: al-voc's shards, one GET an image, and the bare bytes of the shards.

Where webdataset is installed, it reads the same shards, each through a program `curl`.
"""

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
from bench.lines import parser, say
from bench.timing import Seconds, in_turn, seconds_of
from botocore.config import Config as BotoConfig
from measure import Repeated

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
    options = parser(__doc__)
    options.add_argument("--images", type=int, default=48_000)
    arguments = options.parse_args()
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

        def read_first() -> Seconds:
            shutil.rmtree(cache)
            return Seconds(seconds_of(read))

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

        def read_singly() -> None:
            list(in_threads(single, few, SHARDS_AHEAD, 8))

        others = {"webdataset": webdataset} if wds and shutil.which("curl") else {}
        samples = in_turn(
            {
                "ours": read_first,
                "again": read,
                "raw": lambda: list(in_threads(raw, range(len(shards)), SHARDS_AHEAD, 2)),
                "checked": lambda: list(in_threads(checked, range(len(shards)), SHARDS_AHEAD, 2)),
                "single": lambda: Seconds(len(ids) / len(few) * seconds_of(read_singly)),
                **others,
            }
        )
    what = f"read a pool from S3: {len(ids):,} images, {len(shards)} shards, {size:.0f} MB"

    def rate(seconds: float) -> str:
        return f"{len(ids) / seconds:,.0f} images/s, {size / seconds:,.0f} MB/s"

    peers = {
        "one GET an image": "single",
        "the bare bytes with their SHA-256, into a file": "checked",
        "the bare bytes": "raw",
        "reading it again, from the cache": "again",
    }
    peers |= {name: name for name in others}
    say([samples.compare(what, "ours", peer, peers[peer], rate) for peer in peers], arguments)


if __name__ == "__main__":
    main()
