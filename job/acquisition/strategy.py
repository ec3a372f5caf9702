# ruff: noqa: N815 - shape suffixes
"""What a strategy is given and what it answers.

N = unlabelled images.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Protocol

import numpy as np
import pyarrow as pa

from job.acquisition.numerics.top_k import top_k
from job.config.section import Section
from job.errors import BadDataError
from job.records.arrays import Float64s
from job.records.record_part import RecordPart

IDS_DECIDE = "all images with detections have equal scores, and the order of their ids decides"
"""What follows if every detection has the same value, for `Strategy.cannot_rank`."""


class Record(Protocol):
    """A score record that need not fit into memory."""

    def parts(self, columns: Collection[str]) -> Iterator[RecordPart]:
        """Yield the record part by part, from the beginning at each call.

        Args:
            columns: What to read in addition to the ids: names of the Parquet file's columns.
        """


@dataclass(frozen=True)
class TableRecord:
    """A score record in memory: for tests, and for trying out a strategy."""

    tables: tuple[pa.Table, ...] = ()
    """Parts of the record, each as `ScoreRecord.to_table` returns it."""

    def parts(self, columns: Collection[str]) -> Iterator[RecordPart]:
        """Yield one part for each table."""
        for table in self.tables:
            yield RecordPart(table.select(["id", *sorted(columns)]))


@dataclass(frozen=True)
class Images:
    """Some images of the pool, and what the previous round's model sees in them."""

    ids: tuple[str, ...]
    """In the order of the store."""
    record: Record = TableRecord()
    """Their score record. It may have rows of other images too, which are ignored."""


@dataclass(frozen=True, kw_only=True)
class Task:
    """What a strategy is asked: which of the unlabelled images to label next."""

    unlabelled: Images
    """The images to choose from."""
    labelled: Images
    """The images that the previous round's model was trained on. Their record has the ground truth
    too, in `job.records.score_record.GROUND_TRUTH_COLUMNS`, and a row for every image."""
    pool_ids: tuple[str, ...]
    """All images of the pool, in the order of the store."""
    classes: tuple[str, ...]
    """The names of the classes, in the order that `probabilities` has them."""
    class_counts: Mapping[str, int]
    """The number of labelled boxes of every class, in the order of `classes`."""
    budget: int
    """Pick this many images, or all of them if there are fewer."""
    rng: np.random.Generator
    """The only source of randomness."""
    groups: Mapping[str, str] = field(default_factory=dict)
    """The group of each image of the pool that is in one, such as the video of each frame."""
    is_cold_start: bool = False
    """Whether no model was trained yet. Both records then have embeddings only."""


@dataclass(frozen=True)
class Pick:
    """One image that was selected."""

    id: str
    score: float
    reason: str
    """Why the image was selected, in words."""


@dataclass(frozen=True)
class Selection:
    """The picks, the most wanted first."""

    picks: tuple[Pick, ...]
    cautions: tuple[str, ...] = ()
    """What looks wrong about them, a sentence for each. The log and the report say it."""

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of the picks, in their order."""
        return tuple(pick.id for pick in self.picks)


class Strategy(Section, ABC):
    """A way to select images. Its fields are its settings, each with a docstring under it."""

    @property
    def reads(self) -> frozenset[str]:
        """The columns that are read of the unlabelled images' record; empty: no record is needed.

        A strategy that always reads the same columns has a constant of this name:
        `reads: ClassVar[frozenset[str]] = frozenset({"probabilities"})`.
        """
        return frozenset()

    @property
    def reads_labelled(self) -> frozenset[str]:
        """The columns that are read of the labelled images' record, like `reads`."""
        return frozenset()

    @property
    def reads_cold_start(self) -> frozenset[str]:
        """The columns that are read if it is the cold start; by default the same as ever."""
        return self.reads

    @property
    def needs_groups(self) -> bool:
        """Whether the data set must have groups."""
        return False

    def cannot_rank(self, num_classes: int) -> str | None:
        """Return why it cannot rank the images of a data set of so many classes, in words.

        None: it can. The settings count too. Nothing is refused for it: it is said when an
        experiment begins, in a replay and in the report.
        """
        del num_classes
        return None

    def is_random(self, pick: Pick) -> bool:
        """Whether one of its picks was drawn at random from all that its other picks leave.

        Each of these images was equally likely, so such picks are a sample of the pool. The report
        goes by it. A strategy that draws from a part of the images only says no.
        """
        del pick
        return False

    @abstractmethod
    def select(self, task: Task) -> Selection:
        """Select `task.budget` of the unlabelled images, or all of them if there are fewer.

        The answer depends on the task alone. It does not depend on the order of the score record's
        rows, nor on how they are split into parts.

        Raises:
            BadDataError: The score record lacks an image, has one twice, or gives it a score that
                is not a number.
        """


@dataclass(frozen=True)
class Scores:
    """The score of each of some images.

    Raises:
        BadDataError: The ids are not in ascending order, or there is not one score for each.
    """

    ids: list[str]
    """In ascending order, so that several scores of the same images can be combined row by row."""
    scores_N: Float64s
    """(N,), in the order of the ids."""
    explain: Callable[[int], str]
    """Return in words why the image of a row has its score."""
    ties_N: Float64s | None = None
    """(N,): if scores are equal, the lowest value here is first; None: the lowest id."""

    def __post_init__(self) -> None:
        if len(self.ids) != len(self.scores_N):
            message = f"a strategy gave {len(self.scores_N)} scores to {len(self.ids)} images"
            raise BadDataError(message)
        for first, second in pairwise(self.ids):
            if first >= second:
                message = (
                    "a strategy gave scores that are not in ascending order of the ids: "
                    f"{second!r} comes after {first!r}; `read_rows` returns them in order"
                )
                raise BadDataError(message)

    def pick(self, rows: Collection[int]) -> Selection:
        """Return the images of these rows as picks, in the order of the rows."""
        return Selection(
            tuple(Pick(self.ids[row], float(self.scores_N[row]), self.explain(row)) for row in rows)
        )


class ScoringStrategy(Strategy):
    """A strategy that scores each image on its own and selects the highest scores."""

    @abstractmethod
    def score(self, images: Images, task: Task) -> Scores:
        """Return the score of each image: the higher, the more wanted.

        Args:
            images: The images to score: `task.unlabelled`, or others that have the same columns.
            task: What else the score depends on, such as the labelled images.
        """

    def select(self, task: Task) -> Selection:
        """Select the images with the highest scores.

        Equal scores are taken in order of the ids, unless the strategy says otherwise.
        """
        scores = self.score(task.unlabelled, task)
        return scores.pick(top_k(scores.scores_N, task.budget, scores.ties_N).tolist())
