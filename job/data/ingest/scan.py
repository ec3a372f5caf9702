"""What a source holds as a whole: the checks that no image alone can show, and the counts."""

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from itertools import chain

from job.data.formats.base import Sample, Source
from job.data.ingest.validate import Checked, Examined, examine
from job.errors import BadDataError
from job.keys import Split
from job.runtime import log
from job.runtime.parallel import batched, in_threads, stop_if_dropped

# Samples that a thread takes: of one alone, passing it on would take a good part of the time; all
# that are under way are in memory.
_AT_A_TIME = 4


@dataclass
class SplitCounts:
    """What a split consists of."""

    num_images: int = 0
    class_counts: Counter[str] = field(default_factory=Counter)
    """Boxes of each class; crowd regions are no boxes."""
    num_empty: int = 0
    """Images without a box."""
    num_to_find: int = 0
    """Boxes that evaluation looks for: difficult ones are none."""
    num_difficult: int = 0
    num_crowd: int = 0
    num_clipped: int = 0
    """Boxes that overhung their image a little."""
    num_size_differs: int = 0
    """Images whose annotation claims another size."""
    duplicates: list[str] = field(default_factory=list)
    """Ids of images that the split holds already under another one, byte for byte."""

    @property
    def num_boxes(self) -> int:
        """All boxes, difficult ones with them."""
        return self.class_counts.total()

    def count(self, image: Checked) -> None:
        """Add an image."""
        annotation = image.annotation
        labels = zip(annotation.labels, annotation.crowd, strict=True)
        boxes = [label for label, crowd in labels if not crowd]
        self.num_images += 1
        self.class_counts.update(boxes)
        self.num_empty += not boxes
        flags = zip(annotation.difficult, annotation.crowd, strict=True)
        self.num_to_find += sum(not difficult and not crowd for difficult, crowd in flags)
        self.num_difficult += sum(annotation.difficult)
        self.num_crowd += sum(annotation.crowd)
        self.num_clipped += image.num_clipped
        self.num_size_differs += image.size_differs


class Survey:
    """Goes through a source once and gives the images that may go into the data set.

    Holds ids and digests of what it has seen, never images.
    """

    def __init__(self, source: Source, *, go_on: bool) -> None:
        """Begin.

        Args:
            source: Where the images come from.
            go_on: Whether to list problems and go on; else the first one is raised.
        """
        self.counts: dict[Split, SplitCounts] = {}
        self.problems: list[str] = []
        """One line each."""
        self._source = source
        self._go_on = go_on
        self._places: dict[str, Split] = {}
        self._digests: dict[Split, dict[bytes, str]] = {}
        """Of each split, the id that an image's SHA-256 came with first."""

    @property
    def classes(self) -> tuple[str, ...]:
        """The source's classes, or those that occurred in their sorted order."""
        if self._source.classes is not None:
            return self._source.classes
        seen = (label for counts in self.counts.values() for label in counts.class_counts)
        return tuple(sorted(set(seen)))

    def images(self, split: Split) -> Iterator[Checked]:
        """Yield the good images of a split.

        Of an image in both splits, the one that is asked for later is bad.

        Raises:
            BadDataError: Something is bad, unless the survey is to go on.
        """
        counts = self.counts[split] = SplitCounts()
        self._digests[split] = {}
        total = self._source.num_images(split)
        samples, threads = self._source.samples(split), min(8, os.cpu_count() or 1)
        few = batched(samples, _AT_A_TIME)
        with (
            closing(in_threads(_examine_all, few, threads, threads)) as examined,
            log.progress(f"ingest {split}", total, "images") as bar,
        ):
            for result in chain.from_iterable(examined):
                for problem in result.problems:
                    self._report(problem)
                if result.image is not None and self._admit(result.image, split):
                    counts.count(result.image)
                    yield result.image
                bar.advance()

    def _admit(self, image: Checked, split: Split) -> bool:
        """Whether an image is a new one."""
        if image.id in self._places:
            place = self._places[image.id]
            advice = "" if place == split else "; names must be unique across pool and test"
            self._report(f"{image.where}: id {image.id!r} a second time ({place}){advice}")
            return False
        digest = bytes.fromhex(image.sha256)
        for other, digests in self._digests.items():
            if other != split and digest in digests:
                self._report(f"{image.where}: the same bytes as {digests[digest]!r} of {other}")
                return False
        if digest in self._digests[split]:
            self.counts[split].duplicates.append(image.id)
        self._places[image.id] = split
        self._digests[split].setdefault(digest, image.id)
        return True

    def _report(self, problem: str) -> None:
        if not self._go_on:
            message = f"{problem}; --skip-bad leaves what is bad out, --dry-run lists all of it"
            raise BadDataError(message)
        self.problems.append(problem)

    def find_gaps(self) -> list[str]:
        """Say what is missing from the whole, after both splits."""
        gaps = [
            f"{split}: no images" for split, counts in self.counts.items() if not counts.num_images
        ]
        if not self.counts["pool"].num_boxes:
            gaps.append("pool: no boxes")
        if self.counts["test"].num_images and not self.counts["test"].num_to_find:
            gaps.append("test: no boxes to be found, but difficult ones and crowd regions at most")
        return gaps

    def find_oddities(self) -> list[str]:
        """Say what may be meant and may not."""
        oddities = []
        for split, counts in self.counts.items():
            if ids := counts.duplicates:
                oddities.append(f"{split}: {len(ids)} copies of images, such as {ids[0]!r}")
            if counts.num_size_differs:
                oddities.append(
                    f"{split}: {counts.num_size_differs} images have another size than their "
                    "annotation claims; their boxes were taken as pixels of the image"
                )
        unseen = sorted(
            self.counts["test"].class_counts.keys() - self.counts["pool"].class_counts.keys()
        )
        if unseen:
            oddities.append(f"test: classes that the pool has no box of: {', '.join(unseen)}")
        return oddities


def _examine_all(samples: list[Sample]) -> list[Examined]:
    examined = []
    for sample in samples:
        stop_if_dropped()
        examined.append(examine(sample))
    return examined
