"""Which objects a list request gets: selectors, and pages with continue tokens."""

import base64
import binascii
import json
from collections.abc import Mapping

from tests.unit.launch.kubernetes.double import refusals
from tests.unit.launch.kubernetes.double.refusals import Json

FIELDS = {
    "jobs": ("metadata.name", "metadata.namespace", "status.successful"),
    "pods": ("metadata.name", "metadata.namespace", "status.phase", "spec.nodeName"),
    "events": (
        *("metadata.name", "metadata.namespace", "reason", "type", "reportingComponent", "source"),
        *(f"involvedObject.{key}" for key in ("kind", "name", "namespace", "uid", "fieldPath")),
    ),
    "configmaps": ("metadata.name", "metadata.namespace"),
}
"""The fields a fieldSelector may name."""


def selected(plural: str, objects: list[Json], query: Mapping[str, str]) -> list[Json]:
    """Return the objects that labelSelector and fieldSelector ask for."""
    fields = _requirements(query.get("fieldSelector", ""))
    for field, _, _ in fields:
        if field not in FIELDS[plural]:
            message = f"field label not supported: {field}"
            raise refusals.bad_request(message)
    labels = _requirements(query.get("labelSelector", ""))
    return [
        item
        for item in objects
        if all(
            (item["metadata"].get("labels", {}).get(key) == value) is same
            for key, value, same in labels
        )
        and all((_field(item, key) == value) is same for key, value, same in fields)
    ]


def page(items: list[Json], query: Mapping[str, str], version: str, cap: int | None) -> Json:
    """Return a list's `items` and `metadata`.

    Args:
        items: All that were selected, in a stable order.
        query: Its `limit` and `continue` count.
        version: The resourceVersion of the list.
        cap: The most items of a page, where the request has a limit at all.
    """
    limit = int(query.get("limit") or 0)
    limit = min(limit, cap) if limit and cap else limit
    after = _after(query["continue"]) if query.get("continue") else ""
    rest = [item for item in items if item["metadata"]["name"] > after]
    metadata: Json = {"resourceVersion": version}
    if limit and len(rest) > limit:
        metadata["continue"] = _token(rest[limit - 1]["metadata"]["name"], version)
        metadata["remainingItemCount"] = len(rest) - limit
        rest = rest[:limit]
    return {"metadata": metadata, "items": rest}


def _requirements(text: str) -> list[tuple[str, str, bool]]:
    """Parse `a=b,c!=d` into (name, value, whether they have to be equal)."""
    parsed = []
    for part in filter(None, text.split(",")):
        name, equals, value = part.replace("==", "=").partition("=")
        if not equals:
            message = f"the double knows no requirement like {part!r}"
            raise refusals.bad_request(message)
        parsed.append((name.removesuffix("!").strip(), value.strip(), not name.endswith("!")))
    return parsed


def _field(item: Json, path: str) -> str:
    value = item
    for key in path.split("."):
        value = value.get(key, {})
    return str(value or "")


def _token(name: str, version: str) -> str:
    return base64.urlsafe_b64encode(json.dumps({"rv": version, "start": name}).encode()).decode()


def _after(token: str) -> str:
    try:
        return str(json.loads(base64.urlsafe_b64decode(token))["start"])
    except (ValueError, KeyError, binascii.Error) as error:
        message = f"invalid continue token: continue key is not valid: {error}"
        raise refusals.bad_request(message) from error
