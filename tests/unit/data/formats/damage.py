"""Files with bytes flipped, cut or swapped, and what has to become of a data set with one of them.

`AL_PROPERTY_EXAMPLES=5000 pytest tests/unit/data/formats -k damaged` tries many more, and others
each time.
"""

import os
from collections.abc import Callable, Collection
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow.parquet as pq
from hypothesis import settings
from hypothesis import strategies as st

from job.data.formats.base import Source
from job.data.ingest.ingest import ingest
from job.errors import AlJobError
from job.storage.memory import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Iterator

EXAMPLES = int(os.environ.get("AL_PROPERTY_EXAMPLES", "0"))
some_examples = settings(max_examples=EXAMPLES or 25, derandomize=not EXAMPLES, deadline=None)

TOKENS = (
    *(b"\x00", b"\xff", b"\xef\xbb\xbf", b"\r", b"\n", b"\xc2\x85", b"\xe2\x80\xa8", b" ", b"\t"),
    *(b"nan", b"1e999", b"-1", b"-", b"9" * 30, b"0", b"_", b".", b"0x1", b"true", b"null"),
    *(b"'", b'"', b"<", b"[", b"{", b"#", b"&", b":", b",", b"..", b"/"),
)
"""What is put in the place of a few bytes: what tools and people get wrong."""

Boxes = dict[str, set[tuple[Any, ...]]]
"""From an image's id to its boxes: class, corners as float32 in the image, and flags."""


@dataclass(frozen=True)
class Damage:
    """What is done to the bytes of a file; numbers are shares of its length."""

    kind: str
    start: float
    length: int
    other: float
    mask: int
    token: bytes

    def apply(self, data: bytes) -> bytes:
        """The damaged bytes."""
        first, second = sorted((int(self.start * len(data)), int(self.other * len(data))))
        if self.kind == "flip":
            return (
                data[:first]
                + bytes(x ^ self.mask for x in data[first : first + 1])
                + data[first + 1 :]
            )
        if self.kind == "cut":
            return data[:first] + data[first + self.length :]
        if self.kind == "end":
            return data[:first]
        if self.kind == "insert":
            return data[:first] + self.token + data[first + self.length % 3 :]
        length = min(self.length, second - first)
        return (
            data[:first]
            + data[second : second + length]
            + data[first + length : second]
            + data[first : first + length]
            + data[second + length :]
        )


shares = st.floats(0, 1, exclude_max=True)
damages = st.builds(
    Damage,
    st.sampled_from(["flip", "flip", "cut", "swap", "end", "insert"]),
    shares,
    st.integers(1, 12),
    shares,
    st.integers(1, 255),
    st.sampled_from(TOKENS),
)


@contextmanager
def damaged(path: Path, damage: Damage) -> "Iterator[None]":
    """A file is damaged, and whole again in the end."""
    data = path.read_bytes()
    path.write_bytes(damage.apply(data))
    try:
        yield
    finally:
        path.write_bytes(data)


def check(source: Source, expected: Callable[[Collection[str]], Boxes]) -> None:
    """Hold that a source is read as by an independent reader, or refused in one line and whole.

    Args:
        source: The source.
        expected: Returns what the pool's images have, by the independent reader.
    """
    store = MemoryStore()
    refusal: AlJobError | None = None
    try:
        ingest(store, source, "d")
    except AlJobError as error:
        refusal = error
    if refusal:
        assert refusal.exit_code in {64, 65}
        assert "\n" not in str(refusal)  # other control characters are escaped when it is printed
        assert list(store.list("")) == []
        return
    name = "oracle/annotations" if source.annotates_pool else "pool/index"
    rows = pq.read_table(BytesIO(store.read(f"datasets/d/{name}.parquet"))).to_pylist()
    found = {row["id"]: stored(row) for row in rows}
    assert found == expected(found.keys())


def stored(row: dict[str, Any]) -> set[tuple[Any, ...]]:
    """The boxes of a row of the table of annotations; an index has none."""
    parts = (row.get(name, ()) for name in ("labels", "boxes_xyxy", "difficult", "crowd"))
    return {
        (label, *map(float, corners), difficult, crowd)
        for label, corners, difficult, crowd in zip(*parts, strict=True)
    }


def box(
    label: str, corners: tuple[float, ...], *, difficult: bool = False, crowd: bool = False
) -> tuple[Any, ...]:
    """A box as it is stored of an image of 40 x 30 pixels."""
    limits = (40, 30, 40, 30)
    inside = (
        min(max(float(np.float32(x)), 0), high) for x, high in zip(corners, limits, strict=True)
    )
    return (label, *inside, difficult, crowd)
