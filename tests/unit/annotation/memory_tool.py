"""An annotation tool in memory, its people, and a fuse that kills whoever uses it or the store."""

from collections import Counter
from collections.abc import Collection
from dataclasses import replace
from typing import Self

from job.annotation.answers import Answer, DrawnBox
from job.annotation.batch import Batch
from job.annotation.tool import AnnotationTool, ReadImages, Task
from job.artifacts.round_reader import RoundReader
from job.storage.memory import MemoryStore
from tests.unit.annotation.answering import at


class Killed(BaseException):
    """The process was killed."""


class Fuse:
    """Kills at the n-th of all moments before and after something is written or asked."""

    def __init__(self, blows_at: int | None = None) -> None:
        self.num_moments = 0
        self._blows_at = blows_at

    def pass_by(self) -> None:
        """Count a moment, and kill if it is the one."""
        self.num_moments += 1
        if self.num_moments == self._blows_at:
            raise Killed


class FusedStore(MemoryStore):
    """A store whose user may be killed before and after each write."""

    fuse = Fuse()

    def write(self, key: str, data: bytes, *, if_absent: bool = False) -> bool:
        """Write an object."""
        self.fuse.pass_by()
        written = super().write(key, data, if_absent=if_absent)
        self.fuse.pass_by()
        return written

    def delete(self, key: str) -> None:
        """Remove an object."""
        self.fuse.pass_by()
        super().delete(key)
        self.fuse.pass_by()


class MemoryTool(AnnotationTool):
    """A tool that keeps its tasks in the order in which they were asked for."""

    name = "Memory"

    def __init__(self) -> None:
        self.fuse = Fuse()
        self.known: dict[str, Task] = {}
        self.num_asked: Counter[str] = Counter()
        self.num_shown: Counter[str] = Counter()
        self.batches: list[Batch] = []

    @classmethod
    def opened(cls, io: RoundReader) -> Self:
        """Nobody opens it: tests pass on the one that they made."""
        raise NotImplementedError

    @property
    def link(self) -> str:
        """An address."""
        return "memory://work"

    def push(self, batch: Batch, read_images: ReadImages) -> None:
        """Make a task of each image that has none; it may be killed between any two."""
        self.fuse.pass_by()
        self.batches.append(batch)
        new = [image for image in batch.images if image.id not in self.known]
        for image, shown in zip(new, read_images([each.id for each in new]), strict=True):
            assert image.id == shown.id
            self.known[image.id] = Task(image.id, image.key, f"{self.link}/{image.id}")
            self.num_asked[image.id] += 1
            self.fuse.pass_by()

    def tasks(self) -> list[Task]:
        """All tasks."""
        self.fuse.pass_by()
        return list(self.known.values())

    def withdraw(self, image_ids: Collection[str]) -> None:
        """Remove tasks that nobody has begun or answered; it may be killed between any two."""
        self.fuse.pass_by()
        for each in list(image_ids):
            task = self.known.get(each)
            if task and not task.answers and not task.is_begun:
                del self.known[each]
                self.fuse.pass_by()

    @property
    def open_ids(self) -> list[str]:
        """The images that nobody has answered, in the order of the tool."""
        return [each.image_id for each in self.known.values() if not each.answers]

    def say(self, image_id: str, *boxes: DrawnBox, by: str = "ann", **rest: object) -> None:
        """Answer an image, a minute after the last answer."""
        self.num_shown[image_id] += 1
        time = at(self.num_shown.total())
        given = Answer(image_id, boxes, by=by, at=time, **rest)  # type: ignore[arg-type]
        task = self.known[image_id]
        others = tuple(each for each in task.answers if each.by != by)
        self.known[image_id] = replace(task, answers=(*others, given))

    def begin(self, image_id: str) -> None:
        """Begin an image, and leave it so."""
        self.known[image_id] = replace(self.known[image_id], is_begun=True)
