"""The webhook by which Label Studio tells us that somebody has submitted, so that we look at once.

Nothing depends on it: it is sent once, and what counts is what we see when we look.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from job.annotation.label_studio.client import LabelStudioClient
from job.annotation.webhook import HEADER, webhook_secret
from job.errors import ConfigError
from job.runtime import log

_ACTIONS = ["ANNOTATION_CREATED", "ANNOTATION_UPDATED"]
"""A skipped task is an annotation that is created, too."""


def set_webhook(client: LabelStudioClient, project: int, address: str | None) -> None:
    """Let a project have one webhook of ours, to this address; None: it has none.

    A webhook whose address does not answer delays each annotator by a second. So one that is not
    wanted any longer is removed.

    One that Label Studio refuses, such as a private address, is a line of the log: we still look.
    """
    found = client.get("/api/webhooks/", project=project)
    ours = [hook for hook in found if HEADER in (hook["headers"] or {})]
    wanted = _wanted(project, address) if address else None
    for hook in ours:
        if wanted is None or hook is not ours[0]:
            client.send("DELETE", f"/api/webhooks/{hook['id']}/")
    if wanted is None:
        return
    try:
        _set(client, ours, wanted)
    except ConfigError as error:
        log.get().warning("webhook.off", reason=str(error))


def _set(
    client: LabelStudioClient, ours: Sequence[Mapping[str, Any]], wanted: Mapping[str, object]
) -> None:
    if not ours:
        client.send("POST", "/api/webhooks/", wanted)
    elif any(ours[0][key] != value for key, value in wanted.items()):
        client.send("PATCH", f"/api/webhooks/{ours[0]['id']}/", wanted)


def _wanted(project: int, address: str) -> dict[str, object]:
    return {
        "project": project,
        "url": address,
        "send_payload": False,
        "send_for_all_actions": False,
        "actions": _ACTIONS,
        "headers": {HEADER: webhook_secret()},
        "is_active": True,
    }
