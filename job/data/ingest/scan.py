"""One pass through the sources: the checks that need the whole of them, and the counts."""

from collections.abc import Iterator
from contextlib import closing
from itertools import chain

from job.data.dataset import Dataset
from job.data.ingest.counts import PartCounts
from job.data.ingest.groups import GroupGuard
from job.data.ingest.problems import report
from job.data.ingest.remarks import spellings
from job.data.ingest.request import IngestRequest, split_of
from job.data.ingest.seen import PARTS, Part, SeenImages
from job.data.ingest.validate import ValidImage, validate_in_threads
from job.runtime import log


class SourceScan:
    """Goes through the sources of a request once and yields the images that may be written.

    It holds ids and digests of what it has seen, never images.
    """

    def __init__(self, request: IngestRequest, base: Dataset | None = None) -> None:
        """Begin.

        Args:
            request: Where the images come from, and whether problems are listed or raised.
            base: The data set that they are added to; None: they become one.
        """
        self.counts: dict[Part, PartCounts] = {part: PartCounts() for part in PARTS}
        self.problems: list[str] = []
        """Each one line: the file and the reason."""
        self.request = request
        self.has_groups = request.has_groups or (base is not None and base.has_groups)
        self._base = base
        self._seen = SeenImages.of_dataset(base) if base else SeenImages()
        self._guard = GroupGuard()
        if base:
            self._guard = GroupGuard(dict.fromkeys(base.groups("test").values(), "test"))

    @property
    def parts(self) -> list[Part]:
        """The parts that there can be images of, in their order."""
        parts = [part for part in PARTS if self.request.source_of(part)]
        return [part for part in parts if part != "test" or not self._base]

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes: those of the data set that is added to, or those that occurred.

        The latter are in the source's order, or sorted. If nothing annotates the pool, the classes
        that its source lists need not occur.
        """
        if self._base:
            return self._base.classes
        source = self.request.source
        if source.classes is not None and not source.annotates_pool:
            return source.classes
        used = {label for counts in self.counts.values() for label in counts.labels}
        ordered = [name for name in self.request.declared_classes if name in used]
        return (*ordered, *sorted(used.difference(ordered)))

    def images(self, part: Part) -> Iterator[ValidImage]:
        """Yield the valid images of a part.

        If an image is in both splits, it is bad in the one that is asked for later.

        Raises:
            BadDataError: An image or a box is bad, and bad ones are not to be skipped.
        """
        counts = self.counts[part] = PartCounts()
        is_annotated = self.request.is_annotated(part)
        classes = self._base.classes if self._base else self.request.classes_of(part)
        samples = self.request.samples(part)
        whose = "the data set's" if self._base else self.request.whose_classes
        remote = self.request.is_remote(part)
        with (
            closing(validate_in_threads(samples, classes, whose, is_remote=remote)) as validated,
            log.progress(f"ingest {part}", self.request.num_images(part), "images") as bar,
        ):
            for result in validated:
                for problem in result.problems:
                    self._report(problem)
                if result.image is not None and self._is_new(result.image, part):
                    counts.count(result.image, is_annotated=is_annotated)
                    yield result.image
                bar.advance()
        if part in {"test", self.parts[-1]}:  # after all parts of the split
            self.problems += self._guard.problems(split_of(part))

    def _is_new(self, image: ValidImage, part: Part) -> bool:
        """Return whether an image is new to the data set; report it if it may not be there."""
        digest = bytes.fromhex(image.sha256)
        may_be_test = not self.request.source.annotates_pool
        same = self._seen.reason_to_leave_out(part, image.id, digest, may_be_test=may_be_test)
        if same:
            self.counts[part].same[same] += 1
            return False
        if problem := self._seen.problem(part, image.id, digest):
            self._report(f"{image.where}: {problem}{self._advice(problem)}")
            return False
        if not self._guard.takes(image.group, split_of(part)):
            if not self.request.skip_bad:
                self._report(self._refusal_of_groups(part))
            return False
        if not self._seen.add(part, image.id, digest):
            self.counts[part].duplicates.add(image.id)
        return True

    def _advice(self, problem: str) -> str:
        """Return how ids become unique, if they are not."""
        if not problem.endswith("is in test already"):
            return ""
        source = self.request.source
        prefix = next((each for each in ("test", "pool") if hasattr(source, f"{each}_prefix")), "")
        how = f": --{prefix}-prefix {prefix}/ makes them so" if prefix else ""
        return f"; names must be unique across pool and test{how}"

    def _refusal_of_groups(self, part: Part) -> str:
        refusal = self._guard.refusal(self.request.samples(part), split_of(part))
        if hasattr(self.request.source_of(part), "ungrouped"):
            refusal += "; --ungrouped takes the images of a group for different ones"
        return refusal

    def _report(self, problem: str) -> None:
        report(self.problems, problem, skip_bad=self.request.skip_bad)

    def errors(self) -> list[str]:
        """Return why no data set can be made of the whole, after all parts.

        One that images are added to is a data set already.
        """
        if self._base:
            return []
        source, test = self.request.source, self.counts["test"]
        pool = [self.counts["labelled"], self.counts["pool"]]
        errors = []
        if source.has_test and not test.num_images:
            errors.append("test: no images")
        if not any(counts.num_images for counts in pool):
            errors.append("pool: no images")
        if source.annotates_pool and not any(counts.num_boxes for counts in pool):
            lines = chain.from_iterable(counts.remark_lines() for counts in pool)
            errors.append(": ".join(["pool: no boxes", *lines]))
        if not source.annotates_pool and not self.classes:
            errors.append("no classes: name them with --classes")
        if self.request.labelled and not self.counts["labelled"].num_boxes:
            errors.append("labelled: no boxes")
        if self.request.groups and not any(counts.groups for counts in self.counts.values()):
            errors.append(f"no image is in a group by {self.request.groups}")
        if test.num_images and not test.num_evaluated:
            errors.append("test: no boxes to evaluate, only difficult ones or crowd regions")
        return errors

    def warnings(self) -> list[str]:
        """Return what may be a mistake of the sources, after all parts."""
        warnings = [
            f"{part}: {warning}"
            for part, counts in self.counts.items()
            for warning in counts.warnings(has_groups=self.has_groups)
        ]
        warnings += self.request.groups.warnings() if self.request.groups else []
        return warnings if self._base else warnings + self._class_warnings()

    def _class_warnings(self) -> list[str]:
        warnings = [
            f"classes that differ only in spelling: {', '.join(map(repr, names))}"
            for names in spellings(self.classes)
        ]
        if unused := [name for name in self.request.declared_classes if name not in self.classes]:
            warnings.append(f"classes without a box in either split, left out: {', '.join(unused)}")
        in_pool = self.counts["labelled"].class_counts.keys() | self.counts["pool"].class_counts
        unseen = sorted(self.counts["test"].class_counts.keys() - in_pool)
        if unseen and self.request.source.annotates_pool:
            warnings.append(f"test: classes without a box in the pool: {', '.join(unseen)}")
        return warnings
