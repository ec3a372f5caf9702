"""Secrets of the environment."""

from pathlib import Path

import pytest

from job.errors import ConfigError
from job.runtime.secret import read_secret


@pytest.fixture(autouse=True)
def unset(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AL_SERVE_TOKEN", "AL_SERVE_TOKEN_FILE"):
        monkeypatch.delenv(name, raising=False)


def test_a_secret_is_in_a_variable_or_in_a_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The variable has precedence; the line break at the end of a file is not part of it."""
    assert read_secret("AL_SERVE_TOKEN") is None
    (tmp_path / "token").write_text("of-a-file\n")
    monkeypatch.setenv("AL_SERVE_TOKEN_FILE", str(tmp_path / "token"))
    assert read_secret("AL_SERVE_TOKEN") == "of-a-file"
    monkeypatch.setenv("AL_SERVE_TOKEN", "of-a-variable")
    assert read_secret("AL_SERVE_TOKEN") == "of-a-variable"


@pytest.mark.parametrize("value", ["two words", "line\nbreak", "schlüssel"])
def test_a_secret_that_cannot_be_one_is_not_shown(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    """The message names the variable."""
    monkeypatch.setenv("AL_SERVE_TOKEN", value)
    with pytest.raises(ConfigError, match=r"^AL_SERVE_TOKEN: the secret has a blank") as error:
        read_secret("AL_SERVE_TOKEN")
    assert value not in str(error.value)


def test_a_file_that_holds_no_secret(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It is missing, empty, or not a text."""
    path = tmp_path / "token"
    monkeypatch.setenv("AL_SERVE_TOKEN_FILE", str(path))
    for content, reason in ((None, "No such file"), (b"\n", "is empty"), (b"\xff", "not a text")):
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(ConfigError, match=f"^AL_SERVE_TOKEN_FILE: .*{reason}"):
            read_secret("AL_SERVE_TOKEN")
