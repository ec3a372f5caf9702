"""`al-job ingest auto`: which format a folder looks like, and the command to use."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from job.cli.lazy_command import make_app
from job.cli.options import STATE, StoreOption
from job.cli.output import say
from job.data.formats import FORMATS
from job.data.formats.base import Source
from job.data.formats.file_source import is_url, open_bucket, open_files
from job.data.formats.recognition import Contents, Recognised
from job.errors import BadDataError, ConfigError, UsageError
from job.storage.s3_access import without_keys

AUTO = "auto"
MAX_DEPTH = 3
"""So many folders deep a data set is looked for, such as in the one folder of an archive."""
MAX_FOLDERS = 200
"""So many folders of one depth are looked at."""

FolderArgument = Annotated[
    str, typer.Argument(metavar="DIR", help="A folder, or s3://bucket/prefix.")
]
LookOption = Annotated[
    bool, typer.Option("--dry-run", help="Say what the folder looks like; nothing is ingested.")
]
NameOption = Annotated[
    str | None, typer.Option("--name", help="The data set's name; unset: the folder's.")
]
EndpointOption = Annotated[
    str | None, typer.Option("--source-endpoint", help="URL of the S3 server of DIR.")
]
ProfileOption = Annotated[
    str | None, typer.Option("--source-profile", help="Profile of the AWS files for DIR.")
]


FULL = 3
"""The rank of a match with a command."""


@dataclass(frozen=True)
class Match:
    """A folder that looks like a format."""

    kind: str
    where: str
    recognised: Recognised

    @property
    def rank(self) -> int:
        """How much it says of the folder."""
        if self.recognised.is_last_resort:
            return 1
        return FULL if self.recognised.options else 2

    def command(self, common: dict[str, str]) -> str:
        """Return the command that ingests it; empty if it cannot be ingested as it is.

        Keys in URLs are stars.
        """
        if not self.recognised.options:
            return ""
        options = {**self.recognised.options, "name": _name_of(self.where), **common}
        words = ["al-job", "ingest", self.kind]
        for name, value in options.items():
            words += [f"--{name.replace('_', '-')}", value]
        return shlex.join(map(without_keys, words))


app = make_app(add_completion=False)


@app.command(AUTO)
def look(
    folder: FolderArgument,
    *,
    name: NameOption = None,
    dry_run: LookOption = False,
    source_endpoint: EndpointOption = None,
    source_profile: ProfileOption = None,
    store: StoreOption = STATE,
) -> None:
    """Say which format a folder looks like, and print the command to use. It ingests nothing."""
    bucket = partial(open_bucket, endpoint=source_endpoint, profile=source_profile)
    files = open_files(folder, bucket)
    if not files.exists():
        message = f"{files.where()}: no such folder"
        raise UsageError(message)
    matches = _look(Contents.of(files))
    if not matches:
        message = (
            f"{files.where()}: does not look like a data set in any format: {', '.join(_formats())}"
        )
        raise BadDataError(message)
    common = {
        "source_endpoint": source_endpoint,
        "source_profile": source_profile,
        "name": name,
        "store": store if store != STATE else None,
    }
    given = {option: value for option, value in common.items() if value is not None}
    if not dry_run:
        _refuse(matches, given)
    say("\n".join(line for match in matches for line in _lines(match, given)))


def _look(contents: Contents) -> list[Match]:
    """Return what the folder looks like.

    The least deep folder that can be ingested counts, then one that lacks something, and images
    without anything only if there is nothing else.
    """
    level, formats = [contents], _formats()
    best: tuple[int, list[Match]] = (0, [])
    for _ in range(MAX_DEPTH):
        found = [match for each in level[:MAX_FOLDERS] for match in _matches(each, formats)]
        for match in found:
            if match.rank > best[0]:
                best = match.rank, [each for each in found if each.rank == match.rank]
        if best[0] == FULL:
            break
        level = [each.below(folder) for each in level for folder in each.folders()]
    return best[1]


def _matches(contents: Contents, formats: dict[str, type[Source]]) -> list[Match]:
    """Return what one folder looks like."""
    where = contents.files.where()
    found = [
        Match(kind, where, recognised)
        for kind, source in formats.items()
        for recognised in source.recognise(contents)
    ]
    less = {kind for match in found for kind in match.recognised.instead_of}
    return [match for match in found if match.kind not in less]


def _formats() -> dict[str, type[Source]]:
    """Return the formats, without those of other packages that cannot be used."""
    found = {}
    for name in FORMATS.names():
        try:
            found[name] = FORMATS.load(name, Source)
        except ConfigError:  # its own command says why
            continue
    return found


def _lines(match: Match, common: dict[str, str]) -> Iterator[str]:
    yield f"{match.where} looks like {match.kind}: {match.recognised.why}"
    if match.recognised.advice:
        yield f"  first: {match.recognised.advice}"
    if command := match.command(common):
        yield f"  {command}"


def _refuse(matches: list[Match], common: dict[str, str]) -> None:
    """Raise with the command to use: nothing is ingested by a guess."""
    commands = [command for match in matches if (command := match.command(common))]
    if len(commands) == 1 and not matches[0].recognised.advice:
        message = f"ingest auto only looks; run: {commands[0]}"
    else:
        kinds = ", ".join(dict.fromkeys(match.kind for match in matches))
        message = (
            f"ingest auto only looks; {matches[0].where} looks like {kinds}: --dry-run prints the "
            "commands"
        )
    raise UsageError(message)


def _name_of(where: str) -> str:
    """Return the name of a folder as the name of a data set."""
    name = where.rpartition("/")[2] if is_url(where) else Path(where).absolute().name
    return re.sub("[^A-Za-z0-9]+", "-", name).strip("-")[:63].rstrip("-") or "mine"
