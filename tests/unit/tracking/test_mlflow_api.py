"""What is said to an MLflow tracking server, and what its refusals mean."""

import json
from collections.abc import Iterator

import pytest

from job.errors import AlJobError, BadDataError, ConfigError, TemporaryError
from job.tracking.mlflow_api import MlflowApi
from tests.unit.tracking.mlflow_double import MlflowDouble


@pytest.fixture
def double() -> Iterator[MlflowDouble]:
    """A server of its own."""
    with MlflowDouble() as server:
        yield server


@pytest.mark.parametrize(
    ("status", "answer", "kind", "words"),
    [
        (401, b"You are not authenticated.", ConfigError, "set MLFLOW_TRACKING_TOKEN, or"),
        (403, b'{"message": "no right"}', ConfigError, "does not let us write (403: no right)"),
        (404, b"<html>", ConfigError, "not the address of an MLflow tracking server"),
        (200, b"<html>", ConfigError, "not the address of an MLflow tracking server"),
        (502, b"<html>", TemporaryError, "answered 502; retry"),
        (
            500,
            b'{"message": "disk"}',
            TemporaryError,
            "answered 500 to experiments/get-by-name",
        ),
        (429, b'{"message": "slow"}', TemporaryError, "slow; retry"),
        (400, b'{"message": "a long name"}', ConfigError, "experiments/get-by-name: a long name"),
        (200, b'{"experiment": {"name": "voc"}}', BadDataError, "check tracking.mlflow"),
    ],
)
def test_an_answer_that_is_not_the_one_asked_for_is_one_line(
    double: MlflowDouble, status: int, answer: bytes, kind: type[AlJobError], words: str
) -> None:
    """It says what is wrong, and whether a later attempt may get past it."""
    double.answer = lambda *_: (status, answer)
    with pytest.raises(kind) as error:
        MlflowApi(double.url).experiment("voc")
    assert words in str(error.value)


def test_an_experiment_that_was_deleted_is_not_made_again(double: MlflowDouble) -> None:
    """MLflow keeps its name."""
    double.experiments["voc"] = {"experiment_id": "1", "lifecycle_stage": "deleted"}
    with pytest.raises(ConfigError, match="the experiment voc was deleted: restore it there"):
        MlflowApi(double.url).experiment("voc")


def test_a_run_that_is_gone_may_be_found_anew_later(double: MlflowDouble) -> None:
    """Somebody has removed it while it was written to."""
    gone = {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "Run not found"}
    double.answer = lambda *_: (404, json.dumps(gone).encode())
    with pytest.raises(TemporaryError, match="runs/log-batch: what was there is gone; retry"):
        MlflowApi(double.url).log("1", tags={"a": "b"})


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({}, None),
        ({"MLFLOW_TRACKING_TOKEN": "abc"}, "Bearer abc"),
        # RFC 7617: base64 of ada:secret.
        (
            {"MLFLOW_TRACKING_USERNAME": "ada", "MLFLOW_TRACKING_PASSWORD": "secret"},
            "Basic YWRhOnNlY3JldA==",
        ),
    ],
)
def test_credentials_are_those_of_mlflow_s_own_variables(
    double: MlflowDouble,
    monkeypatch: pytest.MonkeyPatch,
    variables: dict[str, str],
    said: str | None,
) -> None:
    """Whoever has used its client has them set."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    MlflowApi(double.url).experiment("voc")
    assert double.authorization == said
