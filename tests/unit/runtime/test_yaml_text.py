"""YAML as people write it: YAML 1.2's core schema, merges, and no key twice."""

from typing import Any

import pytest
import yaml

from job.errors import ConfigError, UsageError
from job.runtime.yaml_text import read_stored_yaml, read_yaml, read_yaml_documents, write_yaml

# Worked out by hand from chapters 10.3.2 and 10.2.1.1 of the specification of YAML 1.2.2.
CORE: list[tuple[str, object]] = [
    *((text, text) for text in ("yes", "No", "on", "OFF", "y", "n", "1:30", "1_000", "2020-01-01")),
    *((text, text) for text in ("0b11", "-0x1F", "=", "tRUE", ".", "e3", "nan", "1e", "0o8", "+")),
    *((text, None) for text in ("", "~", "null", "Null", "NULL")),
    *((text, True) for text in ("true", "True", "TRUE")),
    *((text, False) for text in ("false", "False", "FALSE")),
    ("0", 0),
    ("-19", -19),
    ("+7", 7),
    ("010", 10),
    ("08", 8),
    ("0o14", 12),
    ("0x3A", 58),
    ("0.", 0.0),
    ("-0.5", -0.5),
    ("+12e03", 12000.0),
    ("-2E+05", -200000.0),
    (".5e-1", 0.05),
    ("1e3", 1000.0),
    (".inf", float("inf")),
    ("-.INF", float("-inf")),
    ("'010'", "010"),
    ('"true"', "true"),
]


@pytest.mark.parametrize(("text", "value"), CORE)
def test_a_word_means_what_the_core_schema_says(text: str, value: object) -> None:
    """Words of YAML 1.1 such as `no`, minutes as `1:30` and octal `010` are what they look like."""
    (found,) = read_yaml(f"[{text or '~'}]", "here")
    assert (type(found), found) == (type(value), value)


def test_not_a_number_is_read_with_its_dot() -> None:
    """It is the one value that does not equal itself."""
    found = read_yaml(".NaN", "here")
    assert found != found  # noqa: PLR0124 - only NaN differs from itself


BASES = "a: &a {x: 1, y: 1}\nb: &b {x: 2, z: 2}\n"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("c: {<<: *a, x: 3}", {"x": 3, "y": 1}),
        ("c: {x: 3, <<: *a}", {"x": 3, "y": 1}),
        ("c:\n  <<: *a\n  x: 3", {"x": 3, "y": 1}),
        ("c:\n  x: 3\n  <<: *a", {"x": 3, "y": 1}),
        ("c: {<<: [*a, *b]}", {"x": 1, "y": 1, "z": 2}),
        ("c: {<<: [*b, *a]}", {"x": 2, "y": 1, "z": 2}),
        ("c:\n  <<: [*a, *b]\n  z: 3", {"x": 1, "y": 1, "z": 3}),
        ("d: &d {<<: *a, x: 4}\nc: {<<: *d}", {"x": 4, "y": 1}),
        ("c: {<<: {x: 5}}", {"x": 5}),
        ("c: {'<<': 1}", {"<<": 1}),
    ],
)
def test_a_mapping_merges_others(text: str, value: object) -> None:
    """Its own keys count more, wherever they are; of several mappings, the first one counts."""
    assert read_yaml(BASES + text, "here")["c"] == value


def test_what_is_merged_is_left_as_it_was() -> None:
    """An anchored mapping is read as often as it is named."""
    found = read_yaml(f"{BASES}c: {{<<: *a, x: 3}}\nd: {{<<: *a}}\ne: *a", "here")
    assert found["a"] == found["d"] == found["e"] == {"x": 1, "y": 1}


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("a: 1\nb: 2\na: 3", "line 3, column 1: 'a'"),
        ("{a: 1, 'a': 2}", "line 1, column 8: 'a'"),
        ("{10: 1, 010: 2}", "line 1, column 9: 10"),
        ("{b: {c: {a: 1, a: 2}}}", "line 1, column 16: 'a'"),
        ("- {a: 1, a: 2}", "line 1, column 10: 'a'"),
        ("{a: {<<: {b: 1, b: 2}}}", "line 1, column 17: 'b'"),
        ("{a: &a {}, b: {<<: *a, <<: *a}}", "line 1, column 24: '<<'"),
    ],
)
def test_a_key_that_is_there_twice_is_refused(text: str, place: str) -> None:
    """In any mapping, also in one that is merged; the place of the second one is told."""
    with pytest.raises(ConfigError) as error:
        read_yaml(text, "here")
    assert str(error.value) == f"here: not YAML: {place} is there twice"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: [", "here: not YAML: line 1, column 5: "),
        ("[" * 3000, "here: not YAML: it is nested too deeply"),
        ("a: &a {<<: *a}", "here: not YAML: it is nested too deeply"),
        ("{<<: 3}", "here: not YAML: line 1, column 6: << is not a mapping"),
        ("!!bool maybe", "not a value of the type bool"),
        ("!!int 1_0", "not a value of the type int"),
        ("9" * 5000, "not a value of the type int"),
        ("!!timestamp 2020-01-01", "could not determine a constructor"),
        ("!!python/name:os.system ''", "could not determine a constructor"),
        ("[1]: 2", "unhashable key"),
        ("a\x00b", "special characters are not allowed"),
        ("a: 1\n---\nb: 2", "here: expected one YAML document, found 2"),
    ],
)
def test_what_is_not_a_document_is_refused_in_one_line(text: str, words: str) -> None:
    """Whatever it is, there is no traceback, and nothing is guessed."""
    with pytest.raises(UsageError) as error:
        read_yaml(text, "here", UsageError)
    assert words in str(error.value)
    assert "\n" not in str(error.value)


def test_a_text_may_have_several_documents_or_none() -> None:
    """Files for kubectl have several; an empty text says nothing."""
    assert read_yaml_documents("a: 1\n---\nb: no", "here") == [{"a": 1}, {"b": "no"}]
    assert read_yaml("# nothing", "here") is None


AMBIGUOUS = ["08", "1e3", "0o7", "1:30", "1_0", "y", "N", "no", "On", "true", "~", "", "<<", ".5"]


def read_by_1_1(text: str) -> Any:
    return yaml.safe_load(text)


@pytest.mark.parametrize("read", [read_by_1_1, read_yaml, read_stored_yaml])
def test_text_is_written_so_that_every_reader_takes_it_for_text(read: Any) -> None:
    """Readers of YAML 1.1 and of 1.2 differ in what looks like a number or a boolean."""
    where = () if read is read_by_1_1 else ("here",)
    content = {word: [word, 1e-05, 10, True, None] for word in AMBIGUOUS}
    assert read(write_yaml(content), *where) == content
    for word in "yYnN":  # booleans of Kubernetes and Helm, not of PyYAML
        assert f"'{word}'" in write_yaml([word])


def test_what_an_older_version_stored_is_read_by_its_rules() -> None:
    """It left names such as 08 and 1e3 without quotes, because PyYAML takes them for text."""
    names = {"08": 1, "1e3": 2, "no": 3}
    assert read_stored_yaml(yaml.safe_dump(names), "here") == names
    with pytest.raises(ConfigError, match="'a' is there twice"):
        read_stored_yaml("a: 1\na: 2", "here")


def test_who_changes_what_was_read_changes_nothing_for_the_next_reader() -> None:
    """A text that was read before is not parsed again."""
    first = read_yaml("a: [1]", "here")
    first["a"].append(2)
    assert read_yaml("a: [1]", "there") == {"a": [1]}
