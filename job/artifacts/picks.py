"""What a round picked: `picks.csv`, one row an image in the order of rank."""

import csv
import io
from collections.abc import Iterable

from job.acquisition.strategy import Pick
from job.artifacts.names import RERUN
from job.errors import BadDataError
from job.runtime.names import shortened


def dump_picks(picks: Iterable[Pick]) -> bytes:
    """Return picks as CSV: `id`, `rank` from 0, `score`, `reason`."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["id", "rank", "score", "reason"])
    for rank, pick in enumerate(picks):
        writer.writerow([pick.id, rank, f"{pick.score:.6g}", pick.reason])
    return file.getvalue().encode()


def dump_ids(ids: Iterable[str]) -> bytes:
    """Return ids as CSV, with `id` as the header, in their order."""
    file = io.StringIO()
    csv.writer(file, lineterminator="\n").writerows([["id"], *([each] for each in ids)])
    return file.getvalue().encode()


def load_ids(data: bytes, where: str) -> tuple[str, ...]:
    """Read the ids of a CSV file that has them.

    Raises:
        BadDataError: The column is missing.
    """
    try:
        return tuple(row["id"] for row in csv.DictReader(io.StringIO(data.decode())))
    except (KeyError, ValueError) as error:
        message = f"{where} is damaged (not a list of ids: {shortened(repr(error))}): {RERUN}"
        raise BadDataError(message) from error


def load_picks(data: bytes, where: str) -> tuple[Pick, ...]:
    """Read what `dump_picks` wrote; columns of a newer version are left alone.

    Raises:
        BadDataError: A column is missing, or a score is not a number.
    """
    try:
        return tuple(
            Pick(row["id"], float(row["score"]), row["reason"])
            for row in csv.DictReader(io.StringIO(data.decode()))
        )
    except (KeyError, TypeError, ValueError) as error:
        message = f"{where} is damaged (not a list of picks: {shortened(repr(error))}): {RERUN}"
        raise BadDataError(message) from error
