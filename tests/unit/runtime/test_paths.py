"""Paths that users give."""

from pathlib import Path

import pytest

from job.errors import ConfigError, UsageError
from job.runtime.paths import user_path


def test_a_tilde_at_the_beginning_is_the_home(monkeypatch: pytest.MonkeyPatch) -> None:
    """Elsewhere it is a letter like any other."""
    monkeypatch.setenv("HOME", "/home/me")
    assert user_path("~/a") == Path("/home/me/a")
    assert user_path("./~/a~") == Path("~/a~")


def test_a_home_that_nobody_has_is_refused() -> None:
    """The message says how to name a file that begins with a tilde."""
    with pytest.raises(UsageError, match=r"write \./~nobody-here/a"):
        user_path("~nobody-here/a")


def test_a_relative_path_needs_a_working_directory(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A whole path needs none."""
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    with pytest.raises(ConfigError, match="working directory is gone"):
        user_path("a")
    assert user_path("/a") == Path("/a")
