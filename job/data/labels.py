"""The labels of a data set that did not come from the oracle, in memory."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import pyarrow.parquet as pq

from job.records.annotation import Annotation


@dataclass(frozen=True)
class KnownLabels:
    """The rows of `labels/annotations.parquet`, by the ids of their images."""

    given: dict[str, Annotation]
    """Those that came along with their images."""
    later: dict[str, Annotation]
    """Those that were added later, or correct an earlier one."""
    corrected: frozenset[str]
    """The ids of `later` that correct an earlier label."""

    @classmethod
    def none(cls) -> Self:
        """Return the labels of a data set that has no such table."""
        return cls({}, {}, frozenset())

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read the table."""
        rows = pq.read_table(path).to_pylist()
        given = {row["id"]: Annotation.from_mapping(row) for row in rows if row["given"]}
        later = {row["id"]: Annotation.from_mapping(row) for row in rows if not row["given"]}
        return cls(given, later, frozenset(row["id"] for row in rows if row["corrected"]))

    def find(self, ids: Iterable[str]) -> dict[str, Annotation]:
        """Return the labels that hold for some images, as far as there are any."""
        current = self.given | self.later
        return {image_id: current[image_id] for image_id in ids if image_id in current}
