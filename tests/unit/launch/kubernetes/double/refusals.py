"""How the API says no: an HTTP status and a metav1.Status with Kubernetes' own words."""

from typing import Any, NamedTuple

Json = dict[str, Any]


class Kind(NamedTuple):
    """How messages name a kind of object."""

    plural: str
    group: str = ""
    name: str = ""

    @property
    def resource(self) -> str:
        """The plural with its group: `jobs.batch`."""
        return f"{self.plural}.{self.group}" if self.group else self.plural


JOBS = Kind("jobs", "batch", "Job")
PODS = Kind("pods", name="Pod")
EVENTS = Kind("events", name="Event")
CONFIG_MAPS = Kind("configmaps", name="ConfigMap")


class RefusedError(Exception):
    """A request that the API refuses."""

    def __init__(
        self,
        code: int,
        reason: str,
        message: str,
        details: Json | None = None,
        metadata: Json | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.body: Json = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": metadata or {},
            "status": "Failure",
            "message": message,
            "reason": reason,
            **({"details": details} if details is not None else {}),
            "code": code,
        }


def not_found(kind: Kind, name: str) -> RefusedError:
    message = f'{kind.resource} "{name}" not found'
    return RefusedError(404, "NotFound", message, _details(kind, name))


def already_exists(kind: Kind, name: str, *, deleting: bool = False) -> RefusedError:
    before = "object is being deleted: " if deleting else ""
    message = f'{before}{kind.resource} "{name}" already exists'
    return RefusedError(409, "AlreadyExists", message, _details(kind, name))


def conflict(kind: Kind, name: str, why: str = "") -> RefusedError:
    modified = (
        "the object has been modified; please apply your changes to the latest version "
        "and try again"
    )
    message = f'Operation cannot be fulfilled on {kind.resource} "{name}": {why or modified}'
    return RefusedError(409, "Conflict", message, _details(kind, name))


def invalid(kind: Kind, name: str, field: str, problem: str) -> RefusedError:
    message = f'{kind.name}.{kind.group} "{name}" is invalid: {field}: {problem}'
    reason = "FieldValueRequired" if problem.startswith("Required") else "FieldValueInvalid"
    causes = [{"reason": reason, "message": problem, "field": field}]
    details = {"name": name, "group": kind.group, "kind": kind.name, "causes": causes}
    return RefusedError(422, "Invalid", message, details)


def bad_request(message: str) -> RefusedError:
    return RefusedError(400, "BadRequest", message)


def unsupported_media_type() -> RefusedError:
    return RefusedError(415, "UnsupportedMediaType", "415: Unsupported Media Type", {})


def no_such_resource() -> RefusedError:
    message = "the server could not find the requested resource"
    return RefusedError(404, "NotFound", message, {})


def expired(token: str) -> RefusedError:
    """A continue token that is too old; the answer has one that goes on inconsistently."""
    message = (
        "The provided continue parameter is too old to display a consistent list result. You can "
        "start a new list without the continue parameter, or use the continue token in this "
        "response to retrieve the remainder of the results. Continuing with the provided token "
        "results in an inconsistent list - objects that were created, modified, or deleted "
        "between the time the first chunk was returned and now may show up in the list."
    )
    return RefusedError(410, "Expired", message, metadata={"continue": token})


def _details(kind: Kind, name: str) -> Json:
    group = {"group": kind.group} if kind.group else {}
    return {"name": name, **group, "kind": kind.plural}
