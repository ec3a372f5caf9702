"""The requests to an MLflow tracking server: who we are, and what its refusals mean."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, TypedDict, TypeVar
from urllib.parse import urlencode

import urllib3

from job.annotation.http import Reply, Server, one_line
from job.annotation.json_text import parse_json
from job.errors import AlJobError, ConfigError, TemporaryError
from job.runtime.secret import read_secret
from job.storage.documents import checked

T = TypeVar("T")

SETTING = "tracking.mlflow"
_TOKEN = "MLFLOW_TRACKING_TOKEN"  # noqa: S105 - the name of a variable
_NAME = "MLFLOW_TRACKING_USERNAME"
_PASSWORD = "MLFLOW_TRACKING_PASSWORD"  # noqa: S105 - the name of a variable
_PAGE = 200
_PASSING = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS}
_DENIED = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}


class Metric(TypedDict):
    """A value, as MLflow takes it."""

    key: str
    value: float
    timestamp: int
    """In milliseconds since 1970."""
    step: int


@dataclass(frozen=True)
class _Experiment:
    experiment_id: str
    lifecycle_stage: str = "active"


@dataclass(frozen=True)
class _Info:
    run_id: str
    start_time: int
    status: str


@dataclass(frozen=True)
class _Pair:
    key: str
    value: str


@dataclass(frozen=True)
class _Step:
    step: int


@dataclass(frozen=True)
class _Data:
    tags: tuple[_Pair, ...] = ()
    metrics: tuple[_Step, ...] = ()


@dataclass(frozen=True)
class MlflowRun:
    """A run that is there, in the server's words."""

    info: _Info
    data: _Data = _Data()

    @property
    def tags(self) -> dict[str, str]:
        """Its tags."""
        return {each.key: each.value for each in self.data.tags}

    @property
    def last_step(self) -> int:
        """The largest step of a value; -1: it has none."""
        return max((each.step for each in self.data.metrics), default=-1)


class MlflowApi:
    """Sends requests as one user."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._server = Server(url, SETTING, "MLflow")
        self._headers = _credentials()

    def experiment(self, name: str) -> str:
        """Return the id of an experiment, which is made if it is not there.

        Raises:
            ConfigError: It was deleted there, so its name cannot be used.
        """
        found = self._send("GET", f"experiments/get-by-name?{urlencode({'experiment_name': name})}")
        if found is None:
            made = self._post("experiments/create", name=name)
            return self._checked(_Experiment, made).experiment_id
        there = self._checked(_Experiment, found.get("experiment"))
        if there.lifecycle_stage == "deleted":
            message = f"{self._server.where}: the experiment {name} was deleted: restore it there"
            raise ConfigError(message)
        return there.experiment_id

    def runs(self, experiment: str) -> Iterator[MlflowRun]:
        """Yield the runs of an experiment, the oldest first."""
        token: str | None = ""
        while token is not None:
            page = self._post(
                "runs/search",
                experiment_ids=[experiment],
                max_results=_PAGE,
                order_by=["attributes.start_time ASC"],
                page_token=token,
            )
            yield from self._checked(list[MlflowRun], page.get("runs", []))
            token = page.get("next_page_token") or None

    def create(self, experiment: str, name: str, begun: int, tags: Mapping[str, str]) -> str:
        """Make a run, and return its id."""
        made = self._post(
            "runs/create",
            experiment_id=experiment,
            run_name=name,
            start_time=begun,
            tags=_pairs(tags),
        )
        return self._checked(MlflowRun, made.get("run")).info.run_id

    def log(
        self,
        run: str,
        *,
        metrics: Sequence[Metric] = (),
        params: Mapping[str, str] | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> None:
        """Write values, parameters and tags of a run."""
        self._post(
            "runs/log-batch",
            run_id=run,
            metrics=list(metrics),
            params=_pairs(params or {}),
            tags=_pairs(tags or {}),
        )

    def finish(self, run: str, ended: int) -> None:
        """Say that a run is finished."""
        self._post("runs/update", run_id=run, status="FINISHED", end_time=ended)

    def _checked(self, kind: type[T], content: object) -> T:
        return checked(kind, content, f"the answer of {self._server.where}", f"check {SETTING}")

    def _post(self, path: str, **body: object) -> dict[str, Any]:
        content = self._send("POST", path, body)
        if content is None:
            message = f"{self._server.where}: {path}: what was there is gone; retry"
            raise TemporaryError(message)
        return content

    def _send(self, method: str, path: str, body: object = None) -> dict[str, Any] | None:
        """Return the content of an answer; None: there is no such thing."""
        reply = self._server.request(method, f"/api/2.0/mlflow/{path}", body, headers=self._headers)
        content = _parsed(reply.data)
        if content is None:
            raise self._stranger(reply)
        if content.get("error_code") == "RESOURCE_DOES_NOT_EXIST":
            return None
        if reply.status >= HTTPStatus.BAD_REQUEST:
            raise self._refusal(reply, str(content.get("message", "")), path.partition("?")[0])
        return content

    def _stranger(self, reply: Reply) -> AlJobError:
        """What it means that an answer is not an object of JSON."""
        if reply.status >= HTTPStatus.INTERNAL_SERVER_ERROR or reply.status in _PASSING:
            return TemporaryError(f"{self._server.where} answered {reply.status}; retry")
        if reply.status in _DENIED:
            return self._refusal(reply, "", "us")
        message = f"{self.url} is not the address of an MLflow tracking server: check {SETTING}"
        return ConfigError(message)

    def _refusal(self, reply: Reply, said: str, what: str) -> AlJobError:
        where = self._server.where
        why = f": {one_line(said)}" if said else ""
        if reply.status in _DENIED:
            advice = f"set {_TOKEN}, or {_NAME} and {_PASSWORD}"
            return ConfigError(f"{where} does not let us write ({reply.status}{why}): {advice}")
        if reply.status >= HTTPStatus.INTERNAL_SERVER_ERROR or reply.status in _PASSING:
            return TemporaryError(f"{where} answered {reply.status} to {what}{why}; retry")
        return ConfigError(f"{where} answered {reply.status} to {what}{why}")


def _credentials() -> dict[str, str]:
    """Return the header that says who we are; none if nobody has said it."""
    if token := read_secret(_TOKEN):
        return {"Authorization": f"Bearer {token}"}
    name, password = read_secret(_NAME), read_secret(_PASSWORD)
    if name is None and password is None:
        return {}
    return urllib3.make_headers(basic_auth=f"{name or ''}:{password or ''}")


def _pairs(content: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in content.items()]


def _parsed(data: bytes) -> dict[str, Any] | None:
    """Return the content of an object of JSON; None if it is something else."""
    try:
        content = parse_json(data)
    except ValueError:
        return None
    return content if isinstance(content, dict) else None
