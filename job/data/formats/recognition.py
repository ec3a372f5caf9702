"""Which format a folder is in: each format says whether a folder looks like its own."""

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, field

from job.data.formats.files import SourceFiles

NO_TEST_SET = "; no test set"
"""The end of why a folder looks like a format, if its command makes a data set without one."""


@dataclass(frozen=True)
class Recognised:
    """A folder looks like a format."""

    why: str
    """What it has; the end of a sentence that begins with `looks like voc:`."""
    options: Mapping[str, str] = field(default_factory=dict)
    """The fields of the format with their values; empty: it cannot be ingested as it is."""
    advice: str = ""
    """What to do or to decide before that."""
    instead_of: tuple[str, ...] = ()
    """Formats that it looks like as well, and which say less of it."""
    is_last_resort: bool = False
    """Whether it counts only if nothing else is found, in the folder and below it."""


@dataclass(frozen=True)
class Contents:
    """A folder whose files are listed."""

    files: SourceFiles
    names: tuple[str, ...]
    """The files below it, hidden ones left out, in code point order."""

    @classmethod
    def of(cls, files: SourceFiles) -> "Contents":
        """List a folder."""
        return cls(files, tuple(name for name in files.names() if "/." not in f"/{name}"))

    def has(self, path: str) -> bool:
        """Return whether there is such a file, or such a folder with a file in it."""
        place = self._place(path)
        return self.names[place : place + 1] == (path,) or bool(self._range_of(f"{path}/"))

    def below(self, folder: str) -> "Contents":
        """Return a folder below this one."""
        prefix = f"{folder}/"
        names = tuple(self.names[i].removeprefix(prefix) for i in self._range_of(prefix))
        return Contents(self.files.below(folder), names)

    def folders(self) -> tuple[str, ...]:
        """Return the names of the folders directly below, sorted."""
        return tuple(sorted({name.partition("/")[0] for name in self.names if "/" in name}))

    def directly(self, *suffixes: str) -> tuple[str, ...]:
        """Return the files directly in the folder that end in one of the suffixes."""
        return tuple(name for name in self.names if "/" not in name and name.endswith(suffixes))

    def _range_of(self, prefix: str) -> range:
        """Return the places of the names that begin with a prefix that ends in a slash."""
        after = f"{prefix[:-1]}{chr(ord('/') + 1)}"
        return range(self._place(prefix), self._place(after))

    def _place(self, name: str) -> int:
        return bisect_left(self.names, name)
