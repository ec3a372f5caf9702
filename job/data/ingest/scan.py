"""One pass through a source: the checks that need the whole of it, and the counts."""

from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from itertools import chain

from job.data.formats.base import REMOTE_THREADS, Sample, Source
from job.data.ingest.groups import GroupGuard, GroupRule
from job.data.ingest.remarks import spellings
from job.data.ingest.validate import Validation, ValidImage, validate
from job.errors import BadDataError
from job.keys import Split
from job.runtime import log
from job.runtime.cpus import usable_cpus
from job.runtime.parallel import batched, in_threads, stop_if_dropped

# Samples that a thread takes at a time. Handing over single ones would take a good part of the
# time, and all samples under way are in memory.
_BATCH_SIZE = 4
_MAX_THREADS = 8

PERCENT = 100
LARGE_SIDE = 2 * PERCENT
MIN_LARGE = 10
"""If this many boxes in large images all lie within 100 pixels, they seem to be percentages."""


@dataclass
class SplitCounts:
    """What a split consists of."""

    num_images: int = 0
    class_counts: Counter[str] = field(default_factory=Counter)
    """Boxes of each class, without crowd regions."""
    num_empty: int = 0
    """Images without a box."""
    num_evaluated: int = 0
    """Boxes that evaluation looks for: neither difficult ones nor crowd regions."""
    num_difficult: int = 0
    num_crowd: int = 0
    num_clipped: int = 0
    """Boxes that overhung their image a little."""
    num_size_differs: int = 0
    """Images whose annotation claims another size."""
    labels: set[str] = field(default_factory=set)
    """Classes of boxes and crowd regions."""
    remarks: dict[str, list[str]] = field(default_factory=dict)
    """What may be a mistake, with the ids of the images that it holds for."""
    num_large: int = 0
    """Boxes in images that are larger than `LARGE_SIDE` both ways."""
    reach: float = 0.0
    """The largest coordinate of these boxes."""
    duplicates: list[str] = field(default_factory=list)
    """Ids of images that the split holds already under another id, byte for byte."""
    groups: set[str] = field(default_factory=set)
    ungrouped: list[str] = field(default_factory=list)
    """Ids of images that are in no group."""

    @property
    def num_boxes(self) -> int:
        """The number of boxes, with difficult ones and without crowd regions."""
        return self.class_counts.total()

    def count(self, image: ValidImage) -> None:
        """Add an image."""
        annotation = image.annotation
        labels = zip(annotation.labels, annotation.crowd, strict=True)
        boxes = [label for label, crowd in labels if not crowd]
        self.num_images += 1
        self.class_counts.update(boxes)
        self.num_empty += not boxes
        flags = zip(annotation.difficult, annotation.crowd, strict=True)
        self.num_evaluated += sum(not difficult and not crowd for difficult, crowd in flags)
        self.num_difficult += sum(annotation.difficult)
        self.num_crowd += sum(annotation.crowd)
        self.num_clipped += image.num_clipped
        self.num_size_differs += image.size_differs
        if image.group is None:
            self.ungrouped.append(image.id)
        else:
            self.groups.add(image.group)
        self.labels.update(annotation.labels)
        for remark in image.remarks:
            self.remarks.setdefault(remark, []).append(image.id)
        if annotation.labels and min(annotation.width, annotation.height) > LARGE_SIDE:
            self.num_large += len(annotation.labels)
            self.reach = max(self.reach, float(annotation.boxes_xyxy.max()))


class SourceScan:
    """Goes through a source once and yields the images that may go into the data set.

    It holds ids and digests of what it has seen, never images.
    """

    def __init__(self, source: Source, *, skip_bad: bool, groups: GroupRule | None = None) -> None:
        """Begin.

        Args:
            source: Where the images come from.
            skip_bad: List problems and continue. Otherwise the first one is raised.
            groups: Puts images into groups; None: the source's own groups, if it has any.
        """
        self.counts: dict[Split, SplitCounts] = {}
        self.problems: list[str] = []
        """Each one line: the file and the reason."""
        self.has_groups = groups is not None or source.has_groups
        self._source = source
        self._rule = groups
        self._classes = source.classes
        self._skip_bad = skip_bad
        self._splits: dict[str, Split] = {}
        """The split that an id was seen in."""
        self._digests: dict[Split, dict[bytes, str]] = {}
        """For each split and SHA-256 of an image, the first id that it came with."""
        self._guard = GroupGuard()

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes that occurred, in the source's order, or sorted."""
        seen = {label for counts in self.counts.values() for label in counts.labels}
        if self._classes is None:
            return tuple(sorted(seen))
        return tuple(name for name in self._classes if name in seen)

    def images(self, split: Split) -> Iterator[ValidImage]:
        """Yield the valid images of a split.

        If an image is in both splits, it is bad in the one that is asked for later.

        Raises:
            BadDataError: An image or a box is bad, and bad ones are not to be skipped.
        """
        counts = self.counts[split] = SplitCounts()
        self._digests[split] = {}
        total = self._source.num_images(split)
        is_remote = self._source.is_remote
        batches = batched(self._samples(split), 1 if is_remote else _BATCH_SIZE)
        threads = REMOTE_THREADS if is_remote else min(_MAX_THREADS, usable_cpus())
        validate_all = partial(_validate_all, classes=self._classes)
        with (
            closing(in_threads(validate_all, batches, threads, threads)) as validated,
            log.progress(f"ingest {split}", total, "images") as bar,
        ):
            for result in chain.from_iterable(validated):
                for problem in result.problems:
                    self._report(problem)
                if result.image is not None and self._is_new(result.image, split):
                    counts.count(result.image)
                    yield result.image
                bar.advance()
        self.problems += self._guard.problems(split)

    def _samples(self, split: Split) -> Iterator[Sample]:
        samples = self._source.samples(split)
        return samples if self._rule is None else map(self._rule.grouped, samples)

    def _is_new(self, image: ValidImage, split: Split) -> bool:
        """Return whether an image is new to the data set; report it if it is not."""
        if image.id in self._splits:
            first = self._splits[image.id]
            advice = "" if first == split else "; names must be unique across pool and test"
            if advice and "test_prefix" in type(self._source).model_fields:
                advice += ": --test-prefix test/ makes them so"
            self._report(f"{image.where}: the id {image.id!r} is in {first} already{advice}")
            return False
        digest = bytes.fromhex(image.sha256)
        for other, digests in self._digests.items():
            if other != split and digest in digests:
                self._report(f"{image.where}: the same bytes as {digests[digest]!r} of {other}")
                return False
        if not self._guard.takes(image.group, split):
            if not self._skip_bad:
                refusal = self._guard.refusal(self._samples(split), split)
                if "ungrouped" in type(self._source).model_fields:
                    refusal += "; --ungrouped takes the images of a group for different ones"
                self._report(refusal)
            return False
        if digest in self._digests[split]:
            self.counts[split].duplicates.append(image.id)
        self._splits[image.id] = split
        self._digests[split].setdefault(digest, image.id)
        return True

    def _report(self, problem: str) -> None:
        if not self._skip_bad:
            message = f"{problem}; --skip-bad leaves out what is bad, --dry-run lists all of it"
            raise BadDataError(message)
        self.problems.append(problem)

    def errors(self) -> list[str]:
        """Return why no data set can be made of the whole, after both splits."""
        errors = [
            f"{split}: no images" for split, counts in self.counts.items() if not counts.num_images
        ]
        if not self.counts["pool"].num_boxes:
            errors.append("pool: no boxes")
        if self._rule and not any(counts.groups for counts in self.counts.values()):
            errors.append(f"no image is in a group by {self._rule}")
        if self.counts["test"].num_images and not self.counts["test"].num_evaluated:
            errors.append("test: no boxes to evaluate, only difficult ones or crowd regions")
        return errors

    def warnings(self) -> list[str]:
        """Return what may be a mistake of the source, after both splits."""
        warnings = []
        for split, counts in self.counts.items():
            if ids := counts.duplicates:
                warnings.append(f"{split}: {len(ids)} copies of images, such as {ids[0]!r}")
            if self.has_groups and (ids := counts.ungrouped):
                warnings.append(
                    f"{split}: {len(ids)} images are in no group, such as {ids[0]!r}; each is then "
                    "a group of its own"
                )
            if counts.num_size_differs:
                warnings.append(
                    f"{split}: {counts.num_size_differs} images have another size than their "
                    "annotation claims; their boxes were taken as pixels of the image"
                )
            warnings += [
                f"{split}: {len(ids)} images {remark}, such as {ids[0]!r}"
                for remark, ids in sorted(counts.remarks.items())
            ]
            if counts.num_large >= MIN_LARGE and counts.reach <= PERCENT:
                warnings.append(
                    f"{split}: no box reaches beyond {PERCENT} pixels, though images are larger "
                    f"than {LARGE_SIDE}; boxes must be in pixels, and not in percent"
                )
        warnings += self._rule.warnings() if self._rule else []
        warnings += [
            f"classes that differ only in spelling: {', '.join(map(repr, names))}"
            for names in spellings(self.classes)
        ]
        if unused := [name for name in self._classes or () if name not in self.classes]:
            warnings.append(f"classes without a box in either split, left out: {', '.join(unused)}")
        unseen = sorted(
            self.counts["test"].class_counts.keys() - self.counts["pool"].class_counts.keys()
        )
        if unseen:
            warnings.append(f"test: classes without a box in the pool: {', '.join(unseen)}")
        return warnings


def _validate_all(samples: list[Sample], classes: tuple[str, ...] | None) -> list[Validation]:
    results = []
    for sample in samples:
        stop_if_dropped()
        results.append(validate(sample, classes))
    return results
