"""The token of Label Studio."""

from pathlib import Path

import pytest

from job.annotation.label_studio.token import is_personal, read_token
from job.errors import ConfigError
from tests.label_studio.double import LEGACY, PERSONAL


def test_a_token_is_in_a_variable_or_a_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """As a Secret gives it to a container."""
    monkeypatch.delenv("AL_LABEL_STUDIO_TOKEN", raising=False)
    (tmp_path / "token").write_text(f"{PERSONAL}\n")
    monkeypatch.setenv("AL_LABEL_STUDIO_TOKEN_FILE", str(tmp_path / "token"))
    assert read_token() == PERSONAL
    monkeypatch.setenv("AL_LABEL_STUDIO_TOKEN", LEGACY)
    assert read_token() == LEGACY


def test_without_a_token_a_message_says_where_one_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """Label Studio's page gives it."""
    monkeypatch.delenv("AL_LABEL_STUDIO_TOKEN", raising=False)
    monkeypatch.delenv("AL_LABEL_STUDIO_TOKEN_FILE", raising=False)
    with pytest.raises(ConfigError, match=r"_TOKEN is not set: .*Account & Settings"):
        read_token()


def test_kinds_of_tokens_are_told_apart() -> None:
    """A personal access token is a JWT, which has two dots."""
    assert is_personal(PERSONAL)
    assert not is_personal(LEGACY)
