"""Label Studio as an annotation tool: one project an experiment, one task an image."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self

from job.annotation.answers import Answer
from job.annotation.batch import Batch, PickedImage
from job.annotation.examples import examples_of
from job.annotation.label_studio.client import LabelStudioClient
from job.annotation.label_studio.images import Copies, Images, Uploads
from job.annotation.label_studio.instructions import example_name, instructions_html
from job.annotation.label_studio.project import (
    Wanted,
    find_project,
    make_project,
    update_project,
)
from job.annotation.label_studio.regions import answer_of_any
from job.annotation.label_studio.tasks import task
from job.annotation.label_studio.token import read_token
from job.annotation.label_studio.webhook import set_webhook
from job.annotation.tool import AnnotationTool, ReadImages, Task
from job.artifacts.round_reader import RoundReader
from job.errors import ConfigError, TemporaryError

Examples = Callable[[Collection[str]], Mapping[str, bytes]]
"""Returns a JPEG of each of these classes of which anything is labelled."""
Row = Mapping[str, Any]
"""A task as Label Studio has it."""

_TASKS_AT_ONCE = 500
_ATTEMPTS = 5
"""So often a push looks again whether everything is asked for once."""
_FIELDS = (
    "id,data,annotations,draft_exists,"
    # Those of an annotation, which has no list of its own.
    "result,completed_by,lead_time,was_cancelled,ground_truth,updated_at,created_at,"
    "unique_id,parent_prediction"
)


@dataclass(frozen=True)
class Told:
    """What annotators are told beside the images, and what we are told."""

    instructions: str
    examples: Examples
    webhook: str | None = None
    """The address that is called when somebody submits."""


class LabelStudio(AnnotationTool):
    """The project of one experiment.

    Nothing is remembered. Each method finds the project and its tasks by the keys that we gave
    them, and does what lacks. So what was lost on the way is done by the next call.
    """

    name = "Label Studio"

    def __init__(
        self, client: LabelStudioClient, wanted: Wanted, images: Images, told: Told, model: str = ""
    ) -> None:
        """Remember what the project has to be; no request is sent.

        Args:
            client: Whom we ask.
            wanted: The project.
            images: How the images get there.
            told: What annotators are told.
            model: The version of all proposals; empty: that of the batch.
        """
        self._client = client
        self._wanted = wanted
        self._images = images
        self._told = told
        self._model = model
        self._number: int | None = None

    @classmethod
    def opened(cls, io: RoundReader) -> Self:
        """Return the tool of the experiment that a round belongs to; no request is sent.

        Raises:
            ConfigError: There is no address or no token, or one that cannot be right.
        """
        config = io.config
        settings = config.annotation.label_studio
        if settings is None:
            message = "annotation.label_studio.url is not set: set it to the server's address"
            raise ConfigError(message)
        client = LabelStudioClient(settings.url, read_token())
        wanted = Wanted(
            config.experiment,
            config.dataset.name,
            io.dataset.classes,
            config.annotation.per_image,
        )
        images: Images = Uploads(client)
        if settings.images == "s3":
            images = Copies(client, io.store, config.experiment)
        told = Told(
            config.annotation.instructions,
            lambda classes: examples_of(io, classes),
            settings.webhook,
        )
        # A project shows the proposals of one version only, and all arms are asked for in it.
        is_alone = len(config.arms) * len(config.seeds) == 1
        return cls(client, wanted, images, told, "" if is_alone else config.experiment)

    @property
    def link(self) -> str:
        """The page of the project, or that of the server before the project is known."""
        return self._client.server.url + (f"/projects/{self._number}" if self._number else "")

    def push(self, batch: Batch, read_images: ReadImages) -> None:
        """Ask for the images of a batch that nobody is asked for yet, in the order of rank."""
        number = self._find() or make_project(self._client, self._wanted)
        self._number = number
        self._tell(number)
        for _ in range(_ATTEMPTS):
            rows = self._rows(number)
            surplus, lacking = _surplus(rows), _lacking(rows, batch.images, self.link)
            if not (surplus or lacking):
                break
            self._delete(number, surplus)
            self._import(number, batch, lacking, read_images)
        else:
            message = f"{self.link}: tasks are deleted there while they are made; retry"
            raise TemporaryError(message)
        self._show(number, self._model or batch.model)

    def tasks(self) -> list[Task]:
        """Return all images that were ever asked for by this experiment, each once."""
        number = self._number = self._find()
        if number is None:
            return []
        by_image = _by_image(self._rows(number))
        people = self._people() if any(_annotations(rows) for rows in by_image.values()) else {}
        return [self._task(image_id, rows, people) for image_id, rows in by_image.items()]

    def withdraw(self, image_ids: Collection[str]) -> None:
        """Stop asking for images. One that somebody has answered or is at work on stays."""
        number = self._number = self._find()
        if number is None or not image_ids:
            return
        asked = frozenset(image_ids)
        rows = self._rows(number)
        self._delete(
            number, [row for row in rows if row["data"]["al_id"] in asked and not _is_begun(row)]
        )

    def _find(self) -> int | None:
        return find_project(self._client, self._wanted)

    def _rows(self, number: int) -> list[Row]:
        """Return the tasks that are ours, as they are ordered for people."""
        query = {"project": number, "fields": "all", "resolve_uri": "false", "include": _FIELDS}
        rows = self._client.pages("/api/tasks", "tasks", "total", **query)
        return sorted((row for row in rows if "al_id" in row["data"]), key=lambda row: row["id"])

    def _people(self) -> dict[int, str]:
        return {int(user["id"]): user["email"] for user in self._client.get("/api/users")}

    def _task(self, image_id: str, rows: Sequence[Row], people: Mapping[int, str]) -> Task:
        answers = [answer_of_any(image_id, each, people) for each in _annotations(rows)]
        return Task(
            image_id=image_id,
            key=rows[0]["data"]["al_key"],
            link=f"{self.link}/data?task={rows[0]['id']}",
            answers=tuple(sorted(answers, key=_time)),
            is_begun=any(row["draft_exists"] for row in rows),
        )

    def _tell(self, number: int) -> None:
        """Give the project the instructions, an example of each class, and the overlap."""
        uploads = Uploads(self._client)
        there = uploads.find(number)
        names = {name: example_name(name) for name in self._wanted.classes}
        lacking = [name for name in names if names[name] not in there]
        if found := self._told.examples(lacking):
            uploads.upload(number, [(names[name], data) for name, data in found.items()])
            there = uploads.find(number)
        examples = {name: there[file] for name, file in names.items() if file in there}
        html = instructions_html(self._told.instructions, examples, self._wanted.classes)
        wanted: dict[str, object] = {"maximum_annotations": self._wanted.per_image}
        if html:
            wanted |= {"expert_instruction": html, "show_instruction": True}
        update_project(self._client, number, wanted)
        set_webhook(self._client, number, self._told.webhook)

    def _import(
        self, number: int, batch: Batch, lacking: Sequence[PickedImage], read_images: ReadImages
    ) -> None:
        """Make a task for each image, in their order: so they come to people."""
        model = self._model or batch.model
        for start in range(0, len(lacking), _TASKS_AT_ONCE):
            some = lacking[start : start + _TASKS_AT_ONCE]
            addresses = self._images.addresses(number, some, read_images)
            tasks = [task(image, addresses[image.id], model) for image in some]
            self._client.send("POST", f"/api/projects/{number}/import", tasks)

    def _delete(self, number: int, rows: Iterable[Row]) -> None:
        if ids := [row["id"] for row in rows]:
            selected = {"selectedItems": {"all": False, "included": ids}}
            path = f"/api/dm/actions?id=delete_tasks&project={number}"
            self._client.send("POST", path, selected)

    def _show(self, number: int, model: str | None) -> None:
        """Let people see the proposals of this model, if it has made any."""
        if model and model in self._client.get(f"/api/projects/{number}/model-versions/"):
            update_project(self._client, number, {"model_version": model})


def _by_image(rows: Iterable[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row["data"]["al_id"], []).append(row)
    return found


def _surplus(rows: Iterable[Row]) -> list[Row]:
    """Return the tasks that ask once more for an image and have nothing of anybody's work."""
    surplus = []
    for same in _by_image(rows).values():
        kept = next((row for row in same if _is_begun(row)), same[0])
        surplus += [row for row in same if row is not kept and not _is_begun(row)]
    return surplus


def _lacking(rows: Iterable[Row], images: Iterable[PickedImage], where: str) -> list[PickedImage]:
    """Return the images that nobody is asked for.

    Raises:
        ConfigError: The project asks for another image of the same id.
    """
    asked = {row["data"]["al_id"]: row["data"].get("al_sha256") for row in rows}
    for image in images:
        if asked.get(image.id, image.sha256) != image.sha256:
            message = (
                f"{where}: its image {image.id!r} has other bytes: the project is that of another "
                "experiment of this name; delete it there, or name this experiment differently"
            )
            raise ConfigError(message)
    return [image for image in images if image.id not in asked]


def _annotations(rows: Iterable[Row]) -> list[Mapping[str, Any]]:
    return [annotation for row in rows for annotation in row["annotations"]]


def _is_begun(row: Row) -> bool:
    """Whether somebody has answered, or is at work."""
    return bool(row["annotations"] or row["draft_exists"])


def _time(answer: Answer) -> datetime:
    return answer.at or datetime.min.replace(tzinfo=UTC)
