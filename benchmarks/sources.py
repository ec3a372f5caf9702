"""Memory and time of ingest by format, from a folder and from a bucket, as the source grows.

Without `--endpoint` rclone serves the bucket. That is good for 10,000 images: for each page of a
list it reads the whole folder again.

`--endpoint` is a running S3 server with the keys `key` and `secret`. It gets a new bucket, which
stays. SeaweedFS keeps each bucket in seven volumes of its own, besides seven for itself, and
answers `InternalError` if it may not have that many:

    weed server -dir=DIR -s3 -s3.config=KEYS.json -volume.max=20 -master.volumeSizeLimitMB=1024
"""

import argparse
import json
import os
import shutil
import socket
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import first  # noqa: F401
from boto3.session import Session
from measure import Repeated, peak_bytes

from job.cli.source_options import parse_source
from job.data.ingest.ingest import ingest
from job.runtime.parallel import in_threads
from job.storage.local import LocalStore

SIDE = 32
TEST_SHARE = 100
"""One image of so many is in the test set."""
BOXES = 7
"""Boxes an image, as in COCO."""

COMMANDS = {
    "images": "images --pool {0}/JPEGImages --classes cat",
    "voc": "voc --root {0} --pool train --test test",
    "coco": "coco --pool-images {0}/JPEGImages --pool-annotations {0}/train.json "
    "--test-images {0}/JPEGImages --test-annotations {0}/test.json",
}
OBJECT = (
    "<object><name>cat</name><bndbox><xmin>{0}</xmin><ymin>1</ymin><xmax>{1}</xmax><ymax>30</ymax>"
    "</bndbox></object>"
)
XML = (
    "<annotation><size><width>32</width><height>32</height></size>"
    + "".join(OBJECT.format(1 + i, 20 + i) for i in range(BOXES))
    + "</annotation>"
)
MASK = [[round(1.25 * i, 2) for i in range(40)]]
"""An outline, which COCO's files have and ingest does not read."""
BUCKET = f"sources-{time.time_ns()}"
"""On a running server: one for all sizes."""
KEYS = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"}


def write(root: Path, num_images: int) -> None:
    """Write tiny images, each with bytes of its own, in the layouts of all formats."""
    for name in ("JPEGImages", "Annotations", "ImageSets/Main"):
        (root / name).mkdir(parents=True)
    data = Repeated(num_pool=1, size=SIDE).contents[0].data
    names: dict[str, list[str]] = {"train": [], "test": []}
    for number in range(num_images):
        name = f"camera_{number // 10_000:03d}_{number:09d}"
        # What follows the end of a JPEG is read by nobody, and makes it another file.
        (root / f"JPEGImages/{name}.jpg").write_bytes(data + name.encode())
        (root / f"Annotations/{name}.xml").write_text(XML)
        names["train" if number % TEST_SHARE else "test"].append(name)
    for split, members in names.items():
        (root / f"ImageSets/Main/{split}.txt").write_text("\n".join(members) + "\n")
        with (root / f"{split}.json").open("w") as file:
            file.writelines(_coco(members))


def _coco(names: list[str]) -> Iterator[str]:
    """Yield a file of instances."""
    yield '{"images": ['
    for number, name in enumerate(names):
        entry = {"id": number, "file_name": f"{name}.jpg", "width": SIDE, "height": SIDE}
        yield f"{', ' if number else ''}{json.dumps(entry)}"
    yield '], "annotations": ['
    for number in range(len(names) * BOXES):
        entry = {
            "id": number,
            "image_id": number // BOXES,
            "category_id": 1,
            "bbox": [1.5 + number % BOXES, 1, 20.25, 29],
            "area": 587.25,
            "iscrowd": 0,
            "segmentation": MASK,
        }
        yield f"{', ' if number else ''}{json.dumps(entry)}"
    yield '], "categories": [{"id": 1, "name": "cat"}]}'


@contextmanager
def bucket(folder: Path, endpoint: str | None) -> Iterator[tuple[str, str]]:
    """Put a folder into a bucket, and yield endpoint and URL.

    Args:
        folder: It lies in a folder that stands for the bucket, in a folder of buckets.
        endpoint: Of a running server; None: one of its own serves the folder where it is.
    """
    if endpoint is None:
        with server(folder.parents[1]) as own:
            yield own, f"s3://{folder.parent.name}/{folder.name}"
        return
    keys = {key.lower(): value for key, value in KEYS.items()}
    client = Session(region_name="us-east-1", **keys).client("s3", endpoint_url=endpoint)
    if BUCKET not in {each["Name"] for each in client.list_buckets()["Buckets"]}:
        client.create_bucket(Bucket=BUCKET)

    def put(path: Path) -> None:
        key = str(path.relative_to(folder.parent))
        client.put_object(Bucket=BUCKET, Key=key, Body=path.read_bytes())

    for _ in in_threads(put, (path for path in folder.rglob("*") if path.is_file()), 16, 32):
        pass
    yield endpoint, f"s3://{BUCKET}/{folder.name}"


@contextmanager
def server(folder: Path) -> Iterator[str]:
    """Serve a folder of buckets by rclone, and yield the endpoint."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    where = os.pathsep.join((sysconfig.get_path("scripts"), os.environ.get("PATH", "")))
    program = shutil.which("rclone", path=where)
    if program is None:
        sys.exit("rclone is not installed; the dev extra has it")
    options = ["--auth-key", "key,secret", "--config", "", "--addr", address]
    command = [program, "serve", "s3", *options, str(folder)]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:  # noqa: S603 - see above
        try:
            time.sleep(2)
            yield f"http://{address}"
        finally:
            process.terminate()


def work(command: str, state: Path) -> None:
    """Ingest a source, and print the seconds and the peak memory in megabytes."""
    begun = time.perf_counter()
    ingest(LocalStore(state), parse_source("--work", command), "d")
    print(time.perf_counter() - begun, peak_bytes() / 1e6)


def measure(command: str, folder: Path) -> str:
    """One cell of the table."""
    state = folder / "state"
    shutil.rmtree(state, ignore_errors=True)
    ended = subprocess.run(  # noqa: S603
        [sys.executable, __file__, "--work", command, "--state", str(state)],
        check=True,
        capture_output=True,
        text=True,
        env=os.environ | KEYS,
    )
    seconds, megabytes = map(float, ended.stdout.splitlines()[-1].split())
    return f"{seconds:.0f} s, {megabytes:,.0f} MB"


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--images", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--formats", nargs="+", default=[*COMMANDS], choices=[*COMMANDS])
    parser.add_argument("--places", nargs="+", default=["folder", "s3"])
    parser.add_argument("--endpoint", help="of a running S3 server with the keys `key`, `secret`")
    parser.add_argument("--work", help=argparse.SUPPRESS)
    parser.add_argument("--state", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.work:
        work(arguments.work, Path(arguments.state))
        return
    columns = [(name, place) for name in arguments.formats for place in arguments.places]
    print("| images |", *(f"{name}, {place} |" for name, place in columns))
    print("| --- |" + " --- |" * len(columns), flush=True)
    for num_images in arguments.images:
        with tempfile.TemporaryDirectory() as text:
            folder = Path(text) / "buckets/data" / str(num_images)
            write(folder, num_images)
            print(f"| {num_images:,} |", end="", flush=True)
            with bucket(folder, arguments.endpoint) as (endpoint, url):
                for name, place in columns:
                    root = str(folder) if place == "folder" else url
                    more = f" --source-endpoint {endpoint}" if place == "s3" else ""
                    cell = measure(COMMANDS[name].format(root) + more, Path(text))
                    print(f" {cell} |", end="", flush=True)
            print(flush=True)


if __name__ == "__main__":
    main()
