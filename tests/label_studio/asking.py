"""What tests ask people for, and how people answer by the API."""

from collections.abc import Callable, Collection, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from job.annotation.batch import Batch, PickedImage, Proposal
from job.annotation.http import Reply
from job.annotation.label_studio.client import LabelStudioClient
from job.annotation.label_studio.images import Uploads
from job.annotation.label_studio.project import Wanted
from job.annotation.label_studio.tool import LabelStudio, Told
from job.data.shards import EncodedImage
from job.errors import TemporaryError
from job.keys import RoundRef
from tests.label_studio.double import LEGACY

CLASSES = ("dog", "a < b & c")
DOG = Proposal((10.0, 8.0, 50.0, 40.0), "dog", 0.75)


def photo(number: int) -> bytes:
    """A JPEG of 100 x 80 pixels that no other number has."""
    data = BytesIO()
    Image.new("RGB", (100, 80), (99, 150, 40)).save(data, "JPEG", comment=str(number))
    return data.getvalue()


PHOTOS = {f"p/{number}": photo(number) for number in range(5)}


def batch(ids: Sequence[str] = tuple(PHOTOS), name: str = "mine", index: int = 1) -> Batch:
    """A round's picks, of which every second one has a proposal."""
    ref = RoundRef(name, 0, "brust", index)
    images = tuple(
        PickedImage(
            id=image_id,
            key=f"{ref.prefix}{image_id}",
            rank=rank,
            score=0.5,
            reason="why",
            stem=f"{rank:04d}_p",
            suffix=".jpg",
            size_wh=(100, 80),
            sha256=sha256(PHOTOS[image_id]).hexdigest(),
            proposals=() if rank % 2 else (DOG,),
        )
        for rank, image_id in enumerate(ids)
    )
    return Batch(ref, CLASSES, images, len(images), 0.3)


def read_images(ids: Sequence[str]) -> Generator[EncodedImage]:
    """The images as they are stored."""
    for image_id in ids:
        yield EncodedImage(image_id, ".jpg", PHOTOS[image_id])


def no_examples(_: Collection[str]) -> Mapping[str, bytes]:
    """Nothing is labelled yet."""
    return {}


@dataclass
class Place:
    """A server, and a name that nothing on it has yet."""

    url: str
    name: str
    token: str = LEGACY
    dataset: str = "d"
    api: LabelStudioClient = field(init=False)
    """As the annotators would use it."""

    def __post_init__(self) -> None:
        self.api = LabelStudioClient(self.url, self.token)

    def tool(self, client: LabelStudioClient | None = None, **options: Any) -> LabelStudio:
        """The tool of the experiment of this name."""
        client = client or LabelStudioClient(self.url, self.token)
        wanted = Wanted(
            self.name, self.dataset, options.get("classes", CLASSES), options.get("per_image", 1)
        )
        told = Told(
            options.get("instructions", ""),
            options.get("examples", no_examples),
            options.get("webhook"),
        )
        return LabelStudio(client, wanted, Uploads(client), told, options.get("model", ""))

    def batch(self, ids: Sequence[str] = tuple(PHOTOS), index: int = 1) -> Batch:
        """Picks of a round of this experiment."""
        return batch(ids, self.name, index)

    @property
    def projects(self) -> list[int]:
        """The numbers of the projects whose description has the name."""
        rows = self.api.pages("/api/projects", "results", "count", include="id,description")
        return [row["id"] for row in rows if f"experiment {self.name}," in row["description"]]

    @property
    def project(self) -> Any:
        """The only project."""
        (number,) = self.projects
        return self.api.get(f"/api/projects/{number}/")

    @property
    def rows(self) -> list[Any]:
        """All tasks of the only project, as they come to people."""
        (number,) = self.projects
        query = {"project": number, "fields": "all", "resolve_uri": "false", "page_size": 1000}
        tasks = self.api.get("/api/tasks", include="id,data,is_labeled", **query)["tasks"]
        return sorted(tasks, key=lambda task: int(task["id"]))

    @property
    def asked(self) -> list[str]:
        """The images that people are asked for, in the order in which they get them."""
        return [row["data"]["al_id"] for row in self.rows]

    @property
    def uploads(self) -> list[str]:
        """The names of all uploads, without what the server puts before them."""
        (number,) = self.projects
        rows = self.api.get(f"/api/projects/{number}/file-uploads", all="true")
        return sorted(row["file"].partition("-")[2] for row in rows)

    def number_of(self, image_id: str) -> int:
        """The number of the task of an image."""
        (number,) = [row["id"] for row in self.rows if row["data"]["al_id"] == image_id]
        return int(number)

    def annotate(self, image_id: str, boxes: Sequence[Any] = (), **content: Any) -> None:
        """Submit an annotation of an image."""
        path = f"/api/tasks/{self.number_of(image_id)}/annotations/"
        self.api.send("POST", path, {"result": list(boxes), **content})


def region(label: str = "dog", **changes: Any) -> dict[str, Any]:
    """A box from (10, 8) to (30, 40) of an image of 100 x 80, as the page makes it."""
    value = {"x": 10, "y": 10, "width": 20, "height": 40, "rotation": 0, "rectanglelabels": [label]}
    value |= changes.pop("value", {})
    return {
        "id": "drawn",
        "type": "rectanglelabels",
        "from_name": "label",
        "to_name": "image",
        "original_width": 100,
        "original_height": 80,
        "image_rotation": 0,
        "origin": "manual",
        "value": value,
    } | changes


def before_each_request(
    monkeypatch: pytest.MonkeyPatch, client: LabelStudioClient, look: Callable[[str], None]
) -> None:
    """Let `look` be called before each request, with its method and path."""
    send = client.server.request

    def request(method: str, path: str, *arguments: Any, **options: Any) -> Reply:
        look(f"{method} {path}")
        return send(method, path, *arguments, **options)

    monkeypatch.setattr(client.server, "request", request)


def lose(
    monkeypatch: pytest.MonkeyPatch, client: LabelStudioClient, number: int, when: str
) -> list[str]:
    """Lose one request, counted from 1, before it is sent or after it was answered.

    Returns:
        The methods and paths of the requests, as they are sent.
    """
    sent: list[str] = []
    send = client.server.request

    def request(method: str, path: str, *arguments: Any, **options: Any) -> Reply:
        sent.append(f"{method} {path}")
        if len(sent) == number:
            if when == "after":
                send(method, path, *arguments, **options)
            message = "lost"
            raise TemporaryError(message)
        return send(method, path, *arguments, **options)

    monkeypatch.setattr(client.server, "request", request)
    return sent
