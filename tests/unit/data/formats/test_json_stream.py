"""Reading a JSON file in pieces, beside Python's own reader of the whole."""

import io
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from job.data.formats.json_stream import read_entries
from job.errors import BadDataError

LISTS = ("images", "annotations")

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=6,
)
ENTRIES = st.lists(st.dictionaries(st.text(max_size=3), VALUES, max_size=3), max_size=4)
FILES = st.builds(
    lambda lists, more, order: {key: (lists | more)[key] for key in order if key in lists | more},
    st.fixed_dictionaries(dict.fromkeys(LISTS, ENTRIES)),
    st.dictionaries(st.sampled_from(["info", "licenses", "ü"]), VALUES),
    st.permutations([*LISTS, "info", "licenses", "ü"]),
)


def read(data: bytes, size: int) -> list[tuple[str, Any]]:
    """The entries of a file that comes in pieces of so many bytes."""
    file = io.BytesIO(data)
    return list(read_entries(lambda _: file.read(size), "x.json", LISTS, dict))


def by_json(data: bytes) -> list[tuple[str, Any]] | str:
    """What Python's own reader makes of the whole file, or why it does not."""
    try:
        content = json.loads(data)
    except ValueError as error:
        return str(error)
    lists = [(key, content[key]) for key in content if key in LISTS] if content else []
    return [(key, entry) for key, entries in lists for entry in entries or ()]


@pytest.mark.slow
@given(content=FILES, size=st.integers(4, 40), look=st.sampled_from([{}, {"indent": 1}]))
@settings(max_examples=40, deadline=None, derandomize=True)
def test_pieces_make_what_the_whole_makes(
    content: dict[str, Any], size: int, look: dict[str, Any]
) -> None:
    """Wherever the file is cut: in numbers, words, escapes and letters of several bytes."""
    for escaped in (True, False):
        data = json.dumps(content, **look, ensure_ascii=escaped).encode(errors="surrogatepass")
        assert read(data, size) == by_json(data)


DAMAGES = st.tuples(st.sampled_from([b"", b'"', b"]", b",", b"\n", b"\xff", b"1"]), st.booleans())
"""What stands in the place of a byte, and whether the file ends there."""


@given(content=FILES, size=st.integers(4, 40), at=st.integers(min_value=0), damage=DAMAGES)
@settings(max_examples=80, deadline=None, derandomize=True)
def test_a_damaged_file_is_refused_where_the_whole_is(
    content: dict[str, Any], size: int, at: int, damage: tuple[bytes, bool]
) -> None:
    """With the same words and the same place, so that an editor finds it."""
    change, is_end = damage
    data = json.dumps(content, indent=1, ensure_ascii=False).encode(errors="surrogatepass")
    at %= len(data)
    damaged = data[:at] + change + (b"" if is_end else data[at + 1 :])
    expected = by_json(damaged)
    try:
        found = read(damaged, size)
    except BadDataError as error:
        told = str(error)
        is_other = "not a file of COCO instances" in told or "occurs twice" in told
        assert is_other or "not UTF-8" in told or told == f"x.json: malformed JSON: {expected}"
    else:
        assert found == expected


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "malformed JSON: Expecting value: line 1 column 1 (char 0)"),
        ("[]", "not a file of COCO instances: 'images' is not a list of objects"),
        ('{"images": []}', "not a file of COCO instances: 'annotations' is not a list of objects"),
        ('{"images": {}}', "not a file of COCO instances: 'images' is not a list of objects"),
        ('{"images": [1]}', "not a file of COCO instances: 'images' is not a list of objects"),
        ('{"images": [], "images": []}', "malformed JSON: the key 'images' occurs twice in one"),
        ('{"images": [{}],\n "annotations": [{]}', "enclosed in double quotes: line 2 column 19"),
        ('{"images": [{"a": "' + "x" * 500 + '", "b": [}]}', "Expecting value: line 1 column 529"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(text: str, told: str) -> None:
    """Pieces may be shorter than what is wrong, and much shorter than a value."""
    for size in (4, 16, 1 << 20):
        with pytest.raises(BadDataError) as caught:
            read(text.encode(), size)
        assert told in str(caught.value)


def test_a_file_may_begin_with_a_byte_order_mark_or_be_of_two_bytes_a_letter() -> None:
    """As Python's own reader takes them."""
    text = '{"images": [{"a": "ü€"}], "annotations": []}'
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32"):
        assert read(text.encode(encoding), 8) == [("images", {"a": "ü€"})]
