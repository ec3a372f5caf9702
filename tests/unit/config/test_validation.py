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
    some: Annotated[tuple[PositiveInt, ...], Field(min_length=1)] = (1,)
    by_name: dict[str, int] = Field(default_factory=dict)
    is_on: bool = False


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
        ({"name": "a", "numbers": [1, "x"]}, "numbers.1: expected a whole number (given: 'x')"),
        ({"name": "a", "numbers": 5}, "numbers: expected a list, such as [0, 1, 2] (given: 5)"),
        ({"name": "a", "numbers": "0-4"}, "numbers: expected a list, such as [0, 1, 2] (given"),
        ({"name": "a", "some": []}, "some: expected a list of 1 or more (given: [])"),
        ({"name": "a", "inner": 5}, "inner: expected a mapping of settings, such as {name: value}"),
        ({"name": 5}, "name: expected text: put it in quotes (given: 5)"),
        ({"name": "a", "by_name": {True: 1}}, "by_name: True is not text, which a name has to be"),
        ({"name": "a", "is_on": 2}, "is_on: expected true or false (given: 2)"),
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


def test_a_list_is_not_too_short_because_of_what_is_wrong_in_it() -> None:
    """Each wrong seed is told, and nothing that follows from that."""
    with pytest.raises(ConfigError) as error:
        validated(_Outer, {"name": "a", "some": [-1]}, "file.yaml")
    assert str(error.value) == "file.yaml: some.0: input should be greater than 0 (given: -1)"


class _Numbers(Section):
    whole: int = 0
    broken: float | None = None
    several: tuple[int, ...] = ()
    either: Literal["auto"] | int = 0
    switch: bool = False
    any_of_both: bool | int = 0
    text: str = ""


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *((name, value) for name in ("whole", "broken", "either") for value in (True, "1_0")),
        ("several", [1, True]),
        ("several", ["1_0"]),
        ("whole", 1.5),
        ("whole", "on"),
        ("broken", "1:30"),
    ],
)
def test_what_is_not_written_as_a_number_is_refused(name: str, value: object) -> None:
    """To Python `true` is 1 and `1_0` is 10: nobody means that."""
    with pytest.raises(ConfigError, match=rf"^file: {name}.*expected a (whole )?number"):
        validated(_Numbers, {name: value}, "file")


def test_what_looks_like_a_number_is_one() -> None:
    """Texts that variables were filled into, and whole numbers with an exponent."""
    content = {"whole": 1e3, "broken": "1e-3", "several": ["5"], "either": "7"}
    found = validated(_Numbers, content, "file")
    assert (found.whole, found.broken, found.several, found.either) == (1000, 0.001, (5,), 7)
    booleans = validated(_Numbers, {"switch": "yes", "any_of_both": True, "text": "1_0"}, "file")
    assert (booleans.switch, booleans.any_of_both, booleans.text) == (True, True, "1_0")


def test_a_section_of_which_only_the_name_is_there_has_its_defaults() -> None:
    """Whoever has commented out all of its settings means that."""
    assert validated(_Outer, {"name": "a", "inner": None}, "file").inner == _Inner()
    assert "inner" not in validated(_Outer, {"name": "a", "inner": None}, "file").model_fields_set
