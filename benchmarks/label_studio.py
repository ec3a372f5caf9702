"""Seconds to ask people for the images of a round in Label Studio, and to look at what they did.

It starts the server of `make annotation-tools` on this machine. Beside our time is that of the bare
requests that carry the same data: uploads of 100 files, one import, and pages of tasks.
"""

import argparse
import tempfile
from collections.abc import Generator, Sequence
from hashlib import sha256
from pathlib import Path

import first  # noqa: F401
from bench.lines import as_table
from bench.timing import in_turn, seconds_of
from measure import Repeated

from job.annotation.batch import Batch, PickedImage, Proposal
from job.annotation.label_studio.client import LabelStudioClient
from job.annotation.label_studio.images import Uploads
from job.annotation.label_studio.project import Wanted
from job.annotation.label_studio.tasks import task
from job.annotation.label_studio.tool import LabelStudio, Told
from job.data.shards import EncodedImage
from job.keys import RoundRef
from tests.label_studio.double import LEGACY
from tests.label_studio.server import running_server

CLASSES = ("cat", "dog")
BOXES = 8


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=500)
    parser.add_argument("--side", type=int, default=640, help="pixels")
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        running_server(Path(folder) / "data") as server,
    ):
        print(_measured(LabelStudioClient(server.url, LEGACY), options.images, options.side))


def _measured(client: LabelStudioClient, num_images: int, side: int) -> str:
    photo = Repeated(num_pool=1, size=side).contents[0].data
    # What follows the end of a JPEG is read by nobody, and makes it another file.
    data = {f"{number:06d}": photo + str(number).encode() for number in range(num_images)}
    batch = _batch(data, side)

    def read_images(ids: Sequence[str]) -> Generator[EncodedImage]:
        for image_id in ids:
            yield EncodedImage(image_id, ".jpg", data[image_id])

    def tool(name: str) -> LabelStudio:
        wanted = Wanted(name, "d", CLASSES, 1)
        return LabelStudio(client, wanted, Uploads(client), Told("", lambda _: {}))

    asking = tool("ours")
    bare = tool("bare")
    bare.push(Batch(batch.ref, CLASSES, (), 0), read_images)
    number = bare.link.rpartition("/")[2]
    uploads = [(f"{each.sha256}.jpg", data[each.id]) for each in batch.images]

    def push_bare() -> None:
        _bare_push(client, number, uploads, batch)

    push, limit = seconds_of(lambda: asking.push(batch, read_images)), seconds_of(push_bare)
    again = seconds_of(lambda: asking.push(batch, read_images))
    for each in asking.tasks():
        region = task(batch.images[0], "", "m")["predictions"][0]["result"]
        path = f"/api/tasks/{each.link.rpartition('=')[2]}/annotations/"
        client.send("POST", path, {"result": region})
    ours = asking.link.rpartition("/")[2]
    query = {"project": ours, "fields": "all", "page": 1, "page_size": 500}
    looks = in_turn({"ours": asking.tasks, "page": lambda: client.get("/api/tasks", **query)})
    size = f"{num_images} images of {len(photo) / 1000:.0f} kB, {BOXES} boxes each"

    def shown(seconds: float) -> str:
        return f"{seconds:.1f} s, {1000 * seconds / num_images:.0f} ms a task"

    line = looks.compare(f"look at all answers, {size}", "ours", "bare requests", "page", shown)
    once = f"push, {size}: {shown(push)}; when nothing lacks {shown(again)}; bare {shown(limit)}"
    return f"{as_table([line])}\n\nOnce each: {once}."


def _batch(data: dict[str, bytes], side: int) -> Batch:
    ref = RoundRef("bench", 0, "brust", 1)
    proposals = tuple(
        Proposal((5.0 * n, 5.0 * n, 5.0 * n + 90, 5.0 * n + 90), "cat", 0.5) for n in range(BOXES)
    )
    images = tuple(
        PickedImage(
            id=image_id,
            key=f"{ref.prefix}{image_id}",
            rank=rank,
            score=0.5,
            reason="entropy 0.5",
            stem=image_id,
            suffix=".jpg",
            size_wh=(side, side),
            sha256=sha256(content).hexdigest(),
            proposals=proposals,
        )
        for rank, (image_id, content) in enumerate(data.items())
    )
    return Batch(ref, CLASSES, images, len(images), 0.3)


def _bare_push(
    client: LabelStudioClient, project: str, uploads: list[tuple[str, bytes]], batch: Batch
) -> None:
    for start in range(0, len(uploads), 100):
        path = f"/api/projects/{project}/import?commit_to_project=false"
        client.send("POST", path, files=uploads[start : start + 100])
    tasks = [task(image, "/data/upload/x.jpg", "m") for image in batch.images]
    client.send("POST", f"/api/projects/{project}/import", tasks)


if __name__ == "__main__":
    main()
