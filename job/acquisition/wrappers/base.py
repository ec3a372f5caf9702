"""What wrappers share: the strategy inside, by the registry."""

from abc import ABC
from collections.abc import Callable
from functools import cached_property
from typing import TypeVar

from pydantic import field_validator

from job.acquisition.registry import complete, make_strategy
from job.acquisition.strategy import Images, Scores, ScoringStrategy, Strategy, Task
from job.config.schema import ArmConfig
from job.errors import BadDataError, ConfigError

T = TypeVar("T")


class Wrapper(Strategy, ABC):
    """A strategy that changes what another strategy selects; that one can be a wrapper too."""

    of: ArmConfig
    """The strategy inside, with its settings, written like an arm."""

    @field_validator("of")
    @classmethod
    def _complete(cls, of: ArmConfig) -> ArmConfig:
        """Write out all settings, so that the experiment's configuration holds them."""
        return checked(complete, of)

    @cached_property
    def inner(self) -> Strategy:
        """The strategy inside."""
        return make_strategy(self.of)

    @property
    def reads(self) -> frozenset[str]:
        """What the strategy inside reads."""
        return self.inner.reads

    @property
    def reads_labelled(self) -> frozenset[str]:
        """What the strategy inside reads of labelled images."""
        return self.inner.reads_labelled

    @property
    def reads_cold_start(self) -> frozenset[str]:
        """What the strategy inside reads as the cold start, and what the wrapper itself reads."""
        return self.reads - self.inner.reads | self.inner.reads_cold_start

    @property
    def needs_groups(self) -> bool:
        """Whether the strategy inside needs groups."""
        return self.inner.needs_groups

    def cannot_rank(self, num_classes: int) -> str | None:
        """What the strategy inside says."""
        return self.inner.cannot_rank(num_classes)


class EmbeddingWrapper(Wrapper, ABC):
    """A wrapper that compares the embeddings of images."""

    @property
    def reads(self) -> frozenset[str]:
        """What the strategy inside reads, and the embeddings."""
        return self.inner.reads | {"embedding"}

    @property
    def reads_labelled(self) -> frozenset[str]:
        """What the strategy inside reads, and the embeddings."""
        return self.inner.reads_labelled | {"embedding"}


def checked(make: Callable[[ArmConfig], T], arm: ArmConfig) -> T:
    """Return what the registry makes of an arm, for the validator of a field.

    Raises:
        ValueError: The registry refuses the arm.
    """
    try:
        return make(arm)
    except ConfigError as error:
        raise ValueError(str(error)) from error


def score_all(strategy: ScoringStrategy, images: Images, task: Task) -> Scores:
    """Return the scores that a strategy gives to images, to combine them row by row.

    Raises:
        BadDataError: It does not give a score to each of these images and to no other.
    """
    scores = strategy.score(images, task)
    if scores.ids != sorted(images.ids):
        wrong = min(set(scores.ids).symmetric_difference(images.ids))
        what = "no score" if wrong in images.ids else "a score although it was not asked for"
        message = f"{type(strategy).__name__} gives the image {wrong!r} {what}"
        raise BadDataError(message)
    return scores
