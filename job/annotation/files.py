"""People who use a tool that we do not talk to: files go to it and come back by commands."""

from collections.abc import Collection
from typing import Self

from job.annotation.batch import Batch
from job.annotation.tool import AnnotationTool, ReadImages, Task
from job.artifacts.reader import options_of
from job.artifacts.round_reader import RoundReader


class Files(AnnotationTool):
    """Asks nobody by itself. What people answer is in the book after `al-job import labels`."""

    name = "files"

    def __init__(self, options: str) -> None:
        """Begin.

        Args:
            options: Of the commands, for the round that people work on.
        """
        self._options = options

    @classmethod
    def opened(cls, io: RoundReader) -> Self:
        """Return the tool; nothing has to be configured."""
        return cls(options_of(io.store, io.round))

    @property
    def link(self) -> str:
        """The commands that give people their work, and take it back."""
        return (
            f"`al-job export picks {self._options} --format TOOL --out DIR` writes their work, and "
            f"`al-job import labels {self._options} FILE` takes it back"
        )

    def push(self, batch: Batch, read_images: ReadImages) -> None:
        """Do nothing: the user exports the picks."""

    def tasks(self) -> list[Task]:
        """Return none: what was answered is in the book."""
        return []

    def withdraw(self, image_ids: Collection[str]) -> None:
        """Do nothing: an answer that comes later is kept in the book."""
