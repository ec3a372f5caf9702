"""Groups of images: frames of one video, copies of one photograph, crops of one scene."""

import csv
import re
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from io import StringIO
from pathlib import Path

from job.data.decoding import SUFFIXES
from job.data.formats.base import Sample, fingerprint, is_text
from job.data.formats.files import read_file
from job.errors import BadDataError, UsageError
from job.keys import Split
from job.runtime.names import shortened

COLUMNS = ("id", "group")
MAX_TOLD = 5
"""So many groups are named in one message."""


class GroupRule(ABC):
    """Puts images into groups, whatever groups the source has."""

    @abstractmethod
    def identity(self) -> dict[str, str]:
        """Return what tells this rule from others, for the source's identity."""

    @abstractmethod
    def __str__(self) -> str:
        """Return the option that it was made from."""

    @abstractmethod
    def grouped(self, sample: Sample) -> Sample:
        """Return a sample with its group. One that should have a group and has none is broken."""

    def warnings(self) -> list[str]:
        """Return what may be a mistake of the rule, after all samples."""
        return []


@dataclass(frozen=True)
class GroupPattern(GroupRule):
    """The group is what the first parenthesis of a regular expression finds in the id.

    An image without a match is in no group, and so is one whose parenthesis finds nothing.
    """

    pattern: re.Pattern[str]

    @classmethod
    def parse(cls, text: str) -> "GroupPattern":
        """Compile a regular expression.

        Raises:
            UsageError: It is not valid, or has no parenthesis.
        """
        where = f"--group-by {shortened(repr(text))}"
        try:
            pattern = re.compile(text)
        except (re.error, OverflowError, RecursionError) as error:
            message = f"{where}: not a regular expression: {error}"
            raise UsageError(message) from error
        if not pattern.groups:
            message = (
                f"{where}: put the part of the id that names the group in parentheses, "
                r"such as '(.+)_\d+'"
            )
            raise UsageError(message)
        return cls(pattern)

    def __str__(self) -> str:
        return f"--group-by {shortened(repr(self.pattern.pattern))}"

    def identity(self) -> dict[str, str]:
        """Return the expression."""
        return {"group_by": self.pattern.pattern}

    def grouped(self, sample: Sample) -> Sample:
        """Return the sample with the group that its id names, if it names one."""
        match = self.pattern.search(sample.id)
        return replace(sample, group=(match[1] if match else None) or None)


@dataclass(frozen=True)
class GroupFile(GroupRule):
    """The group of each image is in a CSV file. An empty cell: it is in no group."""

    path: Path
    group_of: dict[str, str]
    _left: set[str] = field(default_factory=set, repr=False)
    """Ids that no sample has had."""

    @classmethod
    def read(cls, path: Path) -> "GroupFile":
        """Read the file.

        Raises:
            BadDataError: It is missing, is not UTF-8, has no columns `id` and `group`, a row is
                not whole, or an id is there twice.
        """
        lines: dict[str, int] = {}
        group_of: dict[str, str] = {}
        for line, image_id, group in _rows(path):
            if first := lines.get(image_id):
                message = f"{path}: line {line}: the id {image_id!r} is in line {first} already"
                raise BadDataError(message)
            if not is_text(group):
                message = f"{path}: line {line}: the group {group!r} has control characters"
                raise BadDataError(message)
            lines[image_id], group_of[image_id] = line, group
        return cls(path, group_of, set(group_of))

    def __str__(self) -> str:
        return f"--groups {self.path}"

    def identity(self) -> dict[str, str]:
        """Return a digest of all rows, in any order."""
        pairs = sorted(self.group_of.items())
        return {"groups_digest": fingerprint(text for pair in pairs for text in pair)}

    def grouped(self, sample: Sample) -> Sample:
        """Return the sample with its group; it is broken if the file has no row for it."""
        if not sample.id:  # broken already
            return sample
        if sample.id not in self.group_of:
            return Sample.broken(str(self.path), self._lacks(sample.id))
        self._left.discard(sample.id)
        return replace(sample, group=self.group_of[sample.id] or None)

    def _lacks(self, image_id: str) -> str:
        """Return why an image has no group, and what to do."""
        message = f"no row for the image {image_id!r}"
        for suffix in SUFFIXES:
            if (name := image_id + suffix) in self.group_of:
                return f"{message}, but for {name!r}: ids are names without suffix"
        return f"{message}; leave its group empty if it is in none"

    def warnings(self) -> list[str]:
        """Return how many rows are of no image."""
        rows = f"{len(self._left)} rows are of no image in either split"
        return [f"{self.path}: {rows}, such as {min(self._left)!r}"] if self._left else []


class GroupGuard:
    """Keeps each group in one split: otherwise the test set would show what was trained on."""

    def __init__(self, split_of: dict[str, Split] | None = None) -> None:
        """Begin; `split_of` has the split of each group that is taken already."""
        self._split_of = split_of or {}
        self._left_out: Counter[str] = Counter()

    def takes(self, group: str | None, split: Split) -> bool:
        """Return whether an image of a group may go into a split, and count it if it may not."""
        if group is None or self._split_of.setdefault(group, split) == split:
            return True
        self._left_out[group] += 1
        return False

    def problems(self, split: Split) -> list[str]:
        """Return a line for each group whose images of a split were left out."""
        return [
            f"{split}: the group {group!r} is in {self._split_of[group]} already; its images that "
            f"are left out: {num_images}"
            for group, num_images in self._left_out.most_common()
        ]

    def refusal(self, samples: Iterable[Sample], split: Split) -> str:
        """Return which groups of a split are in another split already, in one line."""
        shared = Counter(
            each.group
            for each in samples
            if each.group is not None and self._split_of.get(each.group, split) != split
        )
        told = [f"{group!r} ({count})" for group, count in shared.most_common(MAX_TOLD)]
        more = f" and {len(shared) - MAX_TOLD} more" if len(shared) > MAX_TOLD else ""
        which = "1 group is" if len(shared) == 1 else f"{len(shared)} groups are"
        other = self._split_of[next(iter(shared))]
        return (
            f"{split}: {which} in {other} already, and a group must be in one split; images of the "
            f"{split}: {', '.join(told)}{more}"
        )


def make_rule(file: Path | None, pattern: str | None) -> GroupRule | None:
    """Return the rule that a command's options ask for; None: the source's own groups.

    Raises:
        UsageError: There are both options, or the expression is not valid.
        BadDataError: The file is not valid.
    """
    if file and pattern is not None:
        message = "--groups, --group-by: give one of them"
        raise UsageError(message)
    if pattern is not None:
        return GroupPattern.parse(pattern)
    return GroupFile.read(file) if file else None


def _rows(path: Path) -> Iterator[tuple[int, str, str]]:
    """Yield the number of the line, the id and the group of each row."""
    try:
        text = read_file(path, "file of groups").decode("utf-8-sig")
        # Unlike `splitlines`, this does not split at letters that an id may have.
        lines = StringIO(text, newline="")
        reader = csv.reader(lines, strict=True, skipinitialspace=True)
        header = [name.strip() for name in next(reader, [])]
        if any(header.count(name) != 1 for name in COLUMNS):
            message = (
                f"{path}: its first line must name the columns id and group, once each and "
                f"separated by commas; it is {shortened(repr(','.join(header)))}"
            )
            raise BadDataError(message)
        places = [header.index(name) for name in COLUMNS]
        for cells in reader:
            if len(cells) not in {0, len(header)}:
                message = (
                    f"{path}: line {reader.line_num}: {len(cells)} cells, and the header has "
                    f"{len(header)}"
                )
                raise BadDataError(message)
            if cells:
                image_id, group = (cells[place] for place in places)
                yield reader.line_num, image_id, group
    except UnicodeDecodeError as error:
        message = f"{path}: not UTF-8: {error.reason} at byte {error.start}"
        raise BadDataError(message) from error
    except csv.Error as error:
        message = f"{path}: line {reader.line_num}: {error}"
        raise BadDataError(message) from error
