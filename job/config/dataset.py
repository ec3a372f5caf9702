"""The settings of an experiment's data set, and which version of it each round uses."""

from itertools import pairwise
from typing import Annotated, Self

from pydantic import Field, NonNegativeInt, PositiveInt, model_validator

from job.config.section import Section


class SyntheticConfig(Section):
    """A synthetic data set: shapes of unequal frequency, scale and occlusion, on textures."""

    num_pool: PositiveInt = 400
    """Images of the pool."""
    num_test: PositiveInt = 200
    """Images of the test set."""
    size: Annotated[int, Field(ge=32)] = 96
    """Width and height of an image, in pixels."""
    seed: NonNegativeInt = 0
    """Seed of the random numbers from which every image is drawn."""


class MoveConfig(Section):
    """A move to a later version of the data set."""

    from_round: NonNegativeInt
    """The first round that uses it."""
    version: PositiveInt
    """The number of the version."""
    sha256: str
    """Digest of its `dataset.json`."""


class DatasetConfig(Section):
    """The data set of the experiment."""

    name: str
    """Its name in the store, as given to `al-job ingest`."""
    sha256: str | None = None
    """Digest of its `dataset.json`. It is filled in when the experiment begins. From then on, data
    with another digest are refused."""
    synthetic: SyntheticConfig | None = None
    """A synthetic data set, which is drawn when the experiment begins if the store lacks it."""
    moves: tuple[MoveConfig, ...] = Field((), exclude_if=lambda moves: not moves)
    """A list of moves to later versions of the data set, in the order of rounds. `al-job move` adds
    one."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        for before, move in pairwise(self.moves):
            if move.from_round <= before.from_round or move.version <= before.version:
                message = "moves: they are in the order of rounds, each to a later version"
                raise ValueError(message)
        return self

    def sha256_at(self, round_index: int) -> str | None:
        """Return the digest of the version that a round uses; None before the experiment began."""
        begun = [move.sha256 for move in self.moves if move.from_round <= round_index]
        return begun[-1] if begun else self.sha256
