"""What a strategy is given and what it answers."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np
import pyarrow as pa

from job.config import Section
from job.records import ScoreRecord


class Candidates(Protocol):
    """The images to choose from, and the score record of them."""

    @property
    def ids(self) -> tuple[str, ...]:
        """The unlabelled images, in the order of the store."""

    @property
    def pool_ids(self) -> tuple[str, ...]:
        """The whole pool, labelled images too, in the order of the store."""

    def parts(self, columns: Collection[str]) -> Iterator[ScoreRecord]:
        """Yield the score record a part at a time, from the start at each call.

        Args:
            columns: What to read beside the ids, by the names that Parquet has for it.
        """


@dataclass(frozen=True)
class TableCandidates:
    """Candidates whose score record is in memory: for trying a strategy out, and for tests."""

    ids: tuple[str, ...]
    pool_ids: tuple[str, ...]
    tables: tuple[pa.Table, ...]

    def parts(self, columns: Collection[str]) -> Iterator[ScoreRecord]:
        """Yield one part a table."""
        for table in self.tables:
            yield ScoreRecord.from_table(table.select(["id", *sorted(columns)]))


@dataclass(frozen=True)
class Labelled:
    """What is labelled so far."""

    ids: frozenset[str]
    class_counts: dict[str, int]
    """Labelled boxes of each class: all classes, in the order that `probabilities` has them."""


@dataclass(frozen=True)
class Selection:
    """The picks, the most wanted first."""

    ids: tuple[str, ...]
    scores: tuple[float, ...]
    reasons: tuple[str, ...]
    """Why each image was picked, in words."""


class Strategy(Section, ABC):
    """A way to select; its fields are its settings, each with a docstring under it."""

    columns: ClassVar[frozenset[str]] = frozenset()
    """The columns of the score record that it may read; none: it needs no score record."""

    @abstractmethod
    def select(
        self, candidates: Candidates, labelled: Labelled, budget: int, rng: np.random.Generator
    ) -> Selection:
        """Choose `budget` of the candidates, or all of them where there are fewer.

        The answer depends on the arguments alone: not on the order of the score record's rows, nor
        on how they are split into parts.

        Raises:
            BadDataError: The score record lacks an image, has one twice, or gives it no number.
        """
