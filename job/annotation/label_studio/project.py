"""The project of an experiment in Label Studio: found by its key, made once, and checked."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from defusedxml.ElementTree import ParseError, fromstring

from job.annotation.label_studio.client import LabelStudioClient
from job.annotation.label_studio.tasks import IMAGE, LABEL, label_config
from job.errors import ConfigError, TemporaryError
from job.runtime import log

_MAX_TITLE = 50


@dataclass(frozen=True)
class Wanted:
    """What the project of an experiment has to be."""

    experiment: str
    dataset: str
    classes: tuple[str, ...]
    per_image: int

    @property
    def key(self) -> str:
        """What stands in the project's description, by which it is found again."""
        return f"[al-voc: experiment {self.experiment}, data set {self.dataset}]"

    @property
    def title(self) -> str:
        """What people see first."""
        return f"al-voc {self.experiment}"[:_MAX_TITLE]


def find_project(client: LabelStudioClient, wanted: Wanted) -> int | None:
    """Return the number of the experiment's project; None: there is none.

    Of two, which two processes may have made at once, it is the lower one. The other is removed,
    unless it has tasks.

    Raises:
        ConfigError: Its classes, or the tags that boxes refer to, are not as they were made.
    """
    query = {"include": "id,description,label_config,task_number"}
    rows = client.pages("/api/projects", "results", "count", **query)
    found = [row for row in rows if wanted.key in (row["description"] or "")]
    if not found:
        return None
    project, *surplus = sorted(found, key=lambda row: int(row["id"]))
    for each in surplus:
        if not each["task_number"]:
            with suppress(TemporaryError):  # its maker has removed it meanwhile
                client.send("DELETE", f"/api/projects/{each['id']}/")
    _check(project, wanted, f"{client.server.url}/projects/{project['id']}/settings/labeling")
    return int(project["id"])


def make_project(client: LabelStudioClient, wanted: Wanted) -> int:
    """Make the experiment's project, and return its number, or that of one made meanwhile."""
    content = {
        "title": wanted.title,
        "description": wanted.key,
        "label_config": label_config(wanted.classes),
        "sampling": "Sequential sampling",
        "skip_queue": "IGNORE_SKIPPED",
        "maximum_annotations": wanted.per_image,
        "enable_empty_annotation": True,
        "show_collab_predictions": True,
    }
    made = int(client.send("POST", "/api/projects", content)["id"])
    first = find_project(client, wanted)
    if first is not None and first != made:
        return first
    log.get().info("label_studio.project", made=made, title=wanted.title, url=client.server.url)
    return made


def update_project(client: LabelStudioClient, number: int, wanted: Mapping[str, Any]) -> None:
    """Let a project have these settings; a request is sent only if it has others."""
    now = client.get(f"/api/projects/{number}/", include=",".join(wanted))
    changes = {key: value for key, value in wanted.items() if now[key] != value}
    if changes:
        client.send("PATCH", f"/api/projects/{number}/", changes)


def _check(project: Mapping[str, Any], wanted: Wanted, where: str) -> None:
    """Refuse a project whose boxes would mean something else."""
    try:
        tags = list(fromstring(project["label_config"]).iter())
    except ParseError as error:
        message = f"{where}: the labelling configuration is not XML ({error}): {_RESTORE}"
        raise ConfigError(message) from error
    _check_tags([(tag.tag, tag.attrib) for tag in tags], where)
    classes = [tag.get("value") or "" for tag in tags if tag.tag == "Label"]
    new = [name for name in classes if name not in wanted.classes]
    gone = [name for name in wanted.classes if name not in classes]
    if not (new or gone):
        return
    changes = [_listed("has no", gone), _listed("has also", new)]
    message = (
        f"{where}: its classes were changed: it {' and '.join(filter(None, changes))}. Undo that: "
        "an experiment's classes cannot change, and other classes are a new data set"
    )
    raise ConfigError(message)


_RESTORE = "undo the change; colours, hotkeys and texts may be added"


def _check_tags(tags: Iterable[tuple[str, Mapping[str, str]]], where: str) -> None:
    found = {
        (tag, attributes.get("name"), attributes.get("value") or attributes.get("toName"))
        for tag, attributes in tags
    }
    needed = {("Image", IMAGE, "$image"), ("RectangleLabels", LABEL, IMAGE)}
    if missing := sorted(needed - found):
        tag, name, _ = missing[0]
        message = f"{where}: the labelling configuration lacks <{tag} name={name!r}>: {_RESTORE}"
        raise ConfigError(message)


def _listed(words: str, names: list[str]) -> str:
    return f"{words} {', '.join(map(repr, names))}" if names else ""
