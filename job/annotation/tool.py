"""The contract of annotation tools: where people are asked for the boxes of picked images."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Generator, Sequence
from dataclasses import dataclass
from typing import Self

from job.annotation.answers import Answer
from job.annotation.batch import Batch
from job.artifacts.round_reader import RoundReader
from job.data.shards import EncodedImage

ReadImages = Callable[[Sequence[str]], Generator[EncodedImage]]
"""Yields the images of these ids, as they are stored."""


@dataclass(frozen=True)
class Task:
    """An image that people are asked for, as the tool has it now."""

    image_id: str
    key: str
    """The key of the image in the batch that asked first."""
    link: str
    """The address where a person finds it."""
    answers: tuple[Answer, ...] = ()
    """One for each annotator who has submitted one, in the order of time."""
    is_begun: bool = False
    """Whether somebody is at work on it: it has a draft."""


class AnnotationTool(ABC):
    """A tool of one experiment. Each method may be repeated, whatever was lost in between."""

    name: str
    """In words, such as `Label Studio`."""

    @classmethod
    @abstractmethod
    def opened(cls, io: RoundReader) -> Self:
        """Return the tool of the experiment that a round belongs to.

        Args:
            io: Has the configuration, the store and the data set. It is not written to.

        Raises:
            ConfigError: A setting is missing, or the tool refuses us.
            TemporaryError: The tool does not answer.
        """

    @property
    @abstractmethod
    def link(self) -> str:
        """The address where people find their work, or the command that gives it to them."""

    @abstractmethod
    def push(self, batch: Batch, read_images: ReadImages) -> None:
        """Ask for the images of a batch that nobody is asked for yet, in the order of rank.

        Raises:
            ConfigError: The tool refuses us, or is not as it was left.
            TemporaryError: It does not answer.
        """

    @abstractmethod
    def tasks(self) -> list[Task]:
        """Return all images that were ever asked for by this experiment, each once.

        Before anything was asked there are none.

        Raises:
            ConfigError: The tool refuses us, or is not as it was left.
            TemporaryError: It does not answer.
        """

    @abstractmethod
    def withdraw(self, image_ids: Collection[str]) -> None:
        """Stop asking for images. One that somebody has answered or is at work on stays."""
