"""Pydantic's errors in one line."""

from typing import Annotated, Literal

import pytest
from pydantic import Field, PositiveInt, model_validator

from job.config.section import Section
from job.config.validation import validated
from job.errors import ConfigError


class _Inner(Section):
    size: PositiveInt = 1
    both: Literal["auto"] | PositiveInt = 1
    maybe: PositiveInt | None = None
    share: Annotated[float, Field(ge=0, le=1)] = 0.0

    @model_validator(mode="after")
    def _check(self) -> "_Inner":
        if self.size == 13:
            message = "size: 13 is unlucky"
            raise ValueError(message)
        if self.size == 14:
            message = "one of a kind"
            raise ValueError(message)
        return self


class _Outer(Section):
    name: str
    inner: _Inner = _Inner()
    numbers: tuple[int, ...] = ()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({}, "name: field required"),
        (
            {"name": "a", "inner": {"sise": 2}},
            "inner.sise: unknown key; did you mean 'size'? known:",
        ),
        ({"name": "a", "inner": {"zzz": 2}}, "inner.zzz: unknown key; known: both, maybe, share,"),
        (
            {"name": "a", "inner": {"size": 0}},
            "inner.size: input should be greater than 0 (given: 0)",
        ),
        (
            {"name": "a", "inner": {"size": "long" * 100}},
            f"(given: 'longlong{'long' * 22}...)",
        ),
        ({"name": "a", "inner": {"maybe": 0}}, "inner.maybe: input should be greater than 0"),
        (
            {"name": "a", "inner": {"both": 0}},
            "inner.both: input should be 'auto' or input should be greater than 0 (given: 0)",
        ),
        ({"name": "a", "inner": {"size": 13}}, "inner.size: 13 is unlucky"),
        ({"name": "a", "inner": {"size": 14}}, "inner: one of a kind"),
        ({"name": "a", "numbers": [1, "x"]}, "numbers.1: input should be a valid integer"),
        (
            {"name": "a", "inner": {"size": 0, "share": 2}},
            "(given: 0); inner.share: input should be",
        ),
    ],
)
def test_what_is_wrong_is_said_in_one_line(content: dict[str, object], message: str) -> None:
    """Each setting is named once, with what was given, or with the known names."""
    with pytest.raises(ConfigError) as error:
        validated(_Outer, content, "file.yaml")
    assert str(error.value).startswith("file.yaml: ")
    assert message in str(error.value)
    assert "\n" not in str(error.value)
