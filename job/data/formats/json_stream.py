"""A JSON file of an object of lists, read entry by entry: the file may be larger than memory."""

import codecs
import json
import re
from collections.abc import Callable, Collection, Iterator
from typing import Any

from job.errors import BadDataError

CHUNK_BYTES = 1 << 20
BLANKS = re.compile(r"[ \t\n\r]*")
NUM_CUT = 16
"""A mistake within so many characters before the end of what was read may be a cut of ours."""

Hook = Callable[[list[tuple[str, Any]]], object]
Read = Callable[[int], bytes]
"""Returns the next bytes of a file, at most so many; none at its end."""


class JsonStream:
    """The text of a file, as far as it has been read and not taken yet."""

    def __init__(self, read: Read, path: str, hook: Hook) -> None:
        """Begin.

        Args:
            read: Reads the file from its beginning.
            path: Its name, for messages.
            hook: Makes what stands for an object from its keys and values, as in `json.loads`.
        """
        self._read_bytes, self._path = read, path
        self._decode_value = json.JSONDecoder(object_pairs_hook=hook).raw_decode
        self._num_bytes = 0
        data = self._read(CHUNK_BYTES)
        self._decoder = codecs.getincrementaldecoder(json.detect_encoding(data))("surrogatepass")
        self._text, self._at = self._decode(data), 0
        self._num_lines = self._num_chars = self._column = 0

    def next(self) -> str:
        """Return the next character that is not a blank; empty at the end."""
        while True:
            self._at = BLANKS.match(self._text, self._at).end()  # type: ignore[union-attr]
            if self._at < len(self._text) or not self._fill(CHUNK_BYTES):
                return self._text[self._at : self._at + 1]

    def take(self, characters: str, expected: str) -> str:
        """Return the next character, which has to be one of some.

        Raises:
            BadDataError: It is another one; the message says what was expected.
        """
        found = self.next()
        if not found or found not in characters:
            raise self._mistake(expected, self._at)
        self._at += 1
        return found

    def value(self) -> Any:
        """Return the next value.

        Raises:
            BadDataError: It is malformed.
        """
        self.next()
        size = CHUNK_BYTES
        while True:
            try:
                value, end = self._decode_value(self._text, self._at)
            except json.JSONDecodeError as error:
                if self._may_be_cut(error) and self._fill(size):
                    size *= 2
                    continue
                raise self._mistake(error.msg, error.pos) from error
            except (ValueError, RecursionError) as error:
                message = f"{self._path}: malformed JSON: {error}"
                raise BadDataError(message) from error
            if end > len(self._text) - NUM_CUT and self._fill(size):  # a cut number
                continue
            self._at = end
            return value

    def end(self) -> None:
        """Raise `BadDataError` unless nothing is left."""
        if self.next():
            what = "Extra data"
            raise self._mistake(what, self._at)

    def _may_be_cut(self, error: json.JSONDecodeError) -> bool:
        is_open = error.msg.startswith("Unterminated string")
        return is_open or error.pos > len(self._text) - NUM_CUT

    def _fill(self, num_bytes: int) -> bool:
        """Read on, and return whether there was more."""
        data = self._read(num_bytes)
        if not data:
            self._decode(b"", is_last=True)
            return False
        done = self._text[: self._at]
        self._num_lines += done.count("\n")
        self._num_chars += len(done)
        line_end = done.rfind("\n")
        self._column = len(done) + (self._column if line_end < 0 else -line_end - 1)
        self._text, self._at = self._text[self._at :] + self._decode(data), 0
        return True

    def _read(self, num_bytes: int) -> bytes:
        data = self._read_bytes(num_bytes)
        self._num_bytes += len(data)
        return data

    def _decode(self, data: bytes, *, is_last: bool = False) -> str:
        try:
            return self._decoder.decode(data, final=is_last)
        except UnicodeDecodeError as error:
            at = self._num_bytes - len(error.object) + error.start
            message = f"{self._path}: malformed JSON: not UTF-8: {error.reason} at byte {at}"
            raise BadDataError(message) from error

    def _mistake(self, what: str, at: int) -> BadDataError:
        """Return the error of a place, in the words of `json`."""
        before = self._text[:at]
        line = self._num_lines + before.count("\n") + 1
        line_end = before.rfind("\n")
        column = len(before) - line_end if line_end >= 0 else self._column + len(before) + 1
        place = f"line {line} column {column} (char {self._num_chars + len(before)})"
        return BadDataError(f"{self._path}: malformed JSON: {what}: {place}")


def read_entries(
    read: Read, path: str, lists: Collection[str], hook: Hook
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the entries of the lists of an object, in the order of the file, each with its list.

    Args:
        read: Reads the file from its beginning.
        path: Its name, for messages.
        lists: The keys of the lists. All of them have to be there, and to hold objects.
        hook: Makes a dictionary of an object's keys and values, as in `json.loads`.

    Raises:
        BadDataError: The file is malformed, or a list is missing, there twice, or of other things.
    """
    stream = JsonStream(read, path, hook)
    missing = list(lists)
    for key in _keys(stream, path, lists):
        if key not in lists:
            stream.value()
            continue
        if key not in missing:
            message = f"{path}: malformed JSON: the key {key!r} occurs twice in one object"
            raise BadDataError(message)
        for entry in _items(stream, path, key):
            if not isinstance(entry, dict):
                raise _no_list(path, key)
            yield key, entry
        missing.remove(key)
    stream.end()
    if missing:
        raise _no_list(path, missing[0])


def _keys(stream: JsonStream, path: str, lists: Collection[str]) -> Iterator[str]:
    """Yield the keys of the whole object; whoever takes one takes its value before the next."""
    if stream.next() != "{":
        stream.value()
        stream.end()
        raise _no_list(path, next(iter(lists)))
    stream.take("{", "")
    if stream.next() == "}":
        stream.take("}", "")
        return
    while True:
        if stream.next() != '"':
            stream.take('"', "Expecting property name enclosed in double quotes")
        key: str = stream.value()
        stream.take(":", "Expecting ':' delimiter")
        yield key
        if stream.take(",}", "Expecting ',' delimiter") == "}":
            return


def _items(stream: JsonStream, path: str, key: str) -> Iterator[Any]:
    """Yield the items of a list."""
    if stream.next() != "[":
        stream.value()
        raise _no_list(path, key)
    stream.take("[", "")
    if stream.next() == "]":
        stream.take("]", "")
        return
    while True:
        yield stream.value()
        if stream.take(",]", "Expecting ',' delimiter") == "]":
            return


def _no_list(path: str, key: str) -> BadDataError:
    return BadDataError(f"{path}: not a file of COCO instances: {key!r} is not a list of objects")
