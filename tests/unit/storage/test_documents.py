"""The format of stored JSON objects."""

import json
from dataclasses import dataclass

import pytest

from job.errors import BadDataError
from job.storage.documents import checked, dump_json, load_json


@dataclass
class Thing:
    """Has one field."""

    a: int


def test_what_is_written_is_read_without_its_format() -> None:
    """The format comes first in the object; characters stay readable."""
    data = dump_json({"a": 1, "größe": None})
    assert next(iter(json.loads(data))) == "format"
    assert "größe" in data.decode()
    assert load_json(data, "x") == {"a": 1, "größe": None}


def test_a_value_that_json_does_not_have_is_refused() -> None:
    """NaN would be read by Python alone."""
    with pytest.raises(ValueError, match="not JSON compliant"):
        dump_json({"a": float("nan")})


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b'{"a": 1}', "x: has no `format`: it was written by al-voc 0.1"),
        (b'{"format": 2}', "x: format 2, written by a newer version"),
        (b'{"format": "two"}', "x: format two, written by a newer version"),
        (b'{"format": 1', "x is damaged: not JSON, or not all of it.*: restore it"),
        (b"3", "x is damaged: a int, not an object: restore it"),
    ],
)
def test_what_cannot_be_read_gets_one_line(data: bytes, words: str) -> None:
    """A newer format and one before formats are told from damage."""
    with pytest.raises(BadDataError, match=words):
        load_json(data, "x", "restore it")


def test_keys_that_a_class_lacks_are_left_out() -> None:
    """A newer version may have written more."""
    assert checked(Thing, {"a": 1, "b": 2}, "x", "") == Thing(1)


@pytest.mark.parametrize("found", ["true", "0", "-1"])
def test_a_format_that_no_version_has_is_damage(found: str) -> None:
    """It is not called a newer one."""
    with pytest.raises(BadDataError, match="x is damaged: format"):
        load_json(f'{{"format": {found}}}', "x")


def test_content_of_another_type_is_damage() -> None:
    """The message names the key, and repeats nothing at length."""
    with pytest.raises(BadDataError, match=r"^x is damaged \(a: .*\): restore it$") as error:
        checked(Thing, {"a": "long" * 100}, "x", "restore it")
    assert len(str(error.value)) < 200
