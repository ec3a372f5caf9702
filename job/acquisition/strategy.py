# ruff: noqa: N815 - shape suffixes
"""What a strategy is given and what it answers.

N = candidates.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pyarrow as pa

from job.acquisition.numerics.top_k import top_k
from job.acquisition.numerics.uncertainty import Float64s
from job.config.section import Section
from job.records.score_record import ScoreRecord


class Record(Protocol):
    """A score record that need not fit into memory."""

    def parts(self, columns: Collection[str]) -> Iterator[ScoreRecord]:
        """Yield the record a part at a time, from the start at each call.

        Args:
            columns: What to read beside the ids, by the names that Parquet has for it.
        """


@dataclass(frozen=True)
class TableRecord:
    """A score record in memory: for trying a strategy out, and for tests."""

    tables: tuple[pa.Table, ...] = ()

    def parts(self, columns: Collection[str]) -> Iterator[ScoreRecord]:
        """Yield one part a table."""
        for table in self.tables:
            yield ScoreRecord.from_table(table.select(["id", *sorted(columns)]))


@dataclass(frozen=True)
class Candidates:
    """The images to choose from."""

    ids: tuple[str, ...]
    """The unlabelled images, in the order of the store."""
    pool_ids: tuple[str, ...]
    """The whole pool, labelled images too, in the order of the store."""
    record: Record = TableRecord()
    """What the model of the round before sees in them; rows of other images are passed over."""


@dataclass(frozen=True)
class Labelled:
    """What is labelled so far."""

    ids: frozenset[str]
    class_counts: dict[str, int]
    """Labelled boxes of each class: all classes, in the order that `probabilities` has them."""
    record: Record = TableRecord()
    """What the model of the round before sees in them: it was trained on them. Beside it, the
    truth, in `job.records.score_record.TRUTH_COLUMNS`; every labelled image has a row."""


@dataclass(frozen=True)
class Selection:
    """The picks, the most wanted first."""

    ids: tuple[str, ...]
    scores: tuple[float, ...]
    reasons: tuple[str, ...]
    """Why each image was picked, in words."""


class Strategy(Section, ABC):
    """A way to select; its fields are its settings, each with a docstring under it."""

    @property
    def columns(self) -> frozenset[str]:
        """The columns that it reads of the candidates' record; none: it needs no record."""
        return frozenset()

    @property
    def labelled_columns(self) -> frozenset[str]:
        """The columns that it reads of the labelled images' record."""
        return frozenset()

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


@dataclass(frozen=True)
class Scores:
    """A score for each candidate."""

    ids: list[str]
    """In ascending order."""
    scores_N: Float64s
    """(N,), beside the ids."""
    explain: Callable[[int], str]
    """Say in words why the image in a row has its score."""

    def pick(self, rows: Collection[int]) -> Selection:
        """Return the images in these rows, in their order, as picks."""
        return Selection(
            ids=tuple(self.ids[row] for row in rows),
            scores=tuple(float(self.scores_N[row]) for row in rows),
            reasons=tuple(self.explain(row) for row in rows),
        )


class ScoringStrategy(Strategy):
    """Scores each image on its own, and picks the highest."""

    @abstractmethod
    def score(self, candidates: Candidates, labelled: Labelled) -> Scores:
        """Return the score of every candidate: the higher, the more wanted."""

    def select(
        self,
        candidates: Candidates,
        labelled: Labelled,
        budget: int,
        rng: np.random.Generator,  # noqa: ARG002 - nothing is drawn
    ) -> Selection:
        """Take the images with the highest scores; of equal ones, those with the lowest ids."""
        scores = self.score(candidates, labelled)
        return scores.pick(top_k(scores.scores_N, budget).tolist())
