"""The results that the tutorial published, read from its own layout.

`<strategy>/experiment-*/` holds `csv.txt` with one row for each round, counted as the tutorial did,
and `queries.txt` with the images that each round queried, as numbers in the pool. Round 0 is the
initial set.

R = rounds, from 0 on.
"""

import csv
import io
import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from job.errors import BadDataError, UsageError
from job.records.arrays import Float64s

RANDOM = "random_sampling"
UNCERTAINTY = "uncertainty_aldod_sampling"
CSV_COLUMNS = (
    "strategy,args,step,mAP,train_time,active_time,total_time,total_samples,bboxes".split(",")  # noqa: SIM905 - as in the file
)
_LAYOUT = "<strategy>/experiment-*/csv.txt and queries.txt"


@dataclass(frozen=True)
class Run:
    """One experiment of the tutorial: a strategy from the initial set to the last round."""

    name: str
    """Its folder, below that of the results."""
    metric: Float64s
    """(R,): mAP at IoU 0.5, 0 to 1."""
    train_seconds: Float64s
    """(R,): of training, in this round."""
    active_seconds: Float64s
    """(R,): of scoring and selecting, in this round."""
    total_seconds: Float64s
    """(R,): training, scoring and selecting together."""
    counted_images: Float64s
    """(R,): labelled so far, as the tutorial counted."""
    counted_boxes: Float64s
    """(R,): labelled so far, as the tutorial counted."""
    queries: tuple[tuple[int, ...], ...]
    """R lists of numbers in the pool; an image can be in several of them."""


@dataclass(frozen=True)
class TutorialResults:
    """The runs that can be analysed, and those that cannot."""

    runs: dict[str, tuple[Run, ...]]
    """By strategy."""
    aborted: dict[str, str]
    """Runs that were aborted and are left out: from the name of a run to the reason."""


class _AbortedError(Exception):
    """A run ended before its second round or within a line, or has other columns."""


def read_tutorial(folder: Path) -> TutorialResults:
    """Return the runs of `random_sampling` and of `uncertainty_aldod_sampling`.

    A run that was aborted is left out: a file is missing, its last line is cut off, or it has fewer
    than two rounds or other columns.

    Raises:
        UsageError: The folder does not have this layout.
        BadDataError: A file is broken; or rounds differ between runs; or every run of a strategy
            was aborted.
    """
    aborted: dict[str, str] = {}
    runs = {strategy: _runs(folder, strategy, aborted) for strategy in (RANDOM, UNCERTAINTY)}
    first, *others = [run for group in runs.values() for run in group]
    for other in others:
        if len(other.metric) != len(first.metric):
            message = (
                f"{folder}: {first.name} has {len(first.metric)} rounds, "
                f"{other.name} has {len(other.metric)}; all need the same: move the others away"
            )
            raise BadDataError(message)
    return TutorialResults(runs, aborted)


def _runs(folder: Path, strategy: str, aborted: dict[str, str]) -> tuple[Run, ...]:
    """The runs of a strategy; those that were aborted are added to `aborted`."""
    paths = sorted(path for path in folder.glob(f"{strategy}/experiment-*") if path.is_dir())
    if not paths:
        message = f"{folder}: no {strategy}/experiment-*; the tutorial's layout is {_LAYOUT}"
        raise UsageError(message)
    runs = []
    for path in paths:
        try:
            runs.append(_run(path, strategy))
        except _AbortedError as reason:
            aborted[f"{strategy}/{path.name}"] = str(reason)
    if not runs:
        reasons = "; ".join(aborted[f"{strategy}/{path.name}"] for path in paths)
        message = f"{folder}: every run of {strategy} was aborted ({reasons})"
        raise BadDataError(message)
    return tuple(runs)


def _run(path: Path, strategy: str) -> Run:
    rows = [
        _numbers(place, cells, strategy) for place, cells in _lines(path / "csv.txt", CSV_COLUMNS)
    ]
    queries = [
        _indices(place, cells) for place, cells in _lines(path / "queries.txt", ["step", "indices"])
    ]
    if min(len(rows), len(queries)) < 2:  # noqa: PLR2004 - a curve has two points
        message = f"csv.txt has {len(rows)} rounds, queries.txt has {len(queries)}, not at least 2"
        raise _AbortedError(message)
    if len(queries) != len(rows):
        message = (
            f"{path}: csv.txt has {len(rows)} rounds, queries.txt has {len(queries)}; "
            "both need the same"
        )
        raise BadDataError(message)
    columns = {name: np.array([row[name] for row in rows], np.float64) for name in CSV_COLUMNS[3:]}
    return Run(
        name=f"{strategy}/{path.name}",
        metric=columns["mAP"],
        train_seconds=columns["train_time"],
        active_seconds=columns["active_time"],
        total_seconds=columns["total_time"],
        counted_images=columns["total_samples"],
        counted_boxes=columns["bboxes"],
        queries=tuple(queries),
    )


def _lines(path: Path, columns: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    """Each row below the header: its place and its cells. Rounds have to count from 0."""
    try:
        text = path.read_bytes().decode()
        if text and not text.endswith("\n"):
            message = f"{path.name}: its last line is cut off"
            raise _AbortedError(message)
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        number = -1
        for cells in reader:
            place = f"{path}:{reader.line_num}"
            _check(place, cells, columns, number)
            if number >= 0:
                yield place, cells
            number += 1
    except FileNotFoundError:
        message = f"{path.name} is missing"
        raise _AbortedError(message) from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        message = f"{path} cannot be read: {error}"
        raise BadDataError(message) from None


def _check(place: str, cells: list[str], columns: Sequence[str], number: int) -> None:
    if number < 0:
        if cells != list(columns):
            message = f"{Path(place).name}: the header is not {','.join(columns)}"
            raise _AbortedError(message)
        return
    if len(cells) != len(columns):
        message = f"{place}: {len(cells)} cells instead of {len(columns)}"
        raise BadDataError(message)
    step = cells[columns.index("step")]
    if step != str(number):
        message = f"{place}: step is {step!r}, the next one is {number}"
        raise BadDataError(message)


def _numbers(place: str, cells: list[str], strategy: str) -> dict[str, float]:
    if cells[0] != strategy:
        message = f"{place}: strategy is {cells[0]!r} in a folder of {strategy}"
        raise BadDataError(message)
    row = {}
    for name, cell in zip(CSV_COLUMNS[3:], cells[3:], strict=True):
        try:
            row[name] = float(cell)
        except ValueError:
            row[name] = math.nan
        top = 1.0 if name == "mAP" else math.inf
        if not (0 <= row[name] <= top and math.isfinite(row[name])):
            message = f"{place}: {name} is {cell!r}, which is not a {_kind(name)}"
            raise BadDataError(message)
    return row


def _kind(name: str) -> str:
    return "number from 0 to 1" if name == "mAP" else "number from 0 on"


def _indices(place: str, cells: list[str]) -> tuple[int, ...]:
    try:
        indices: Any = json.loads(cells[1])
    except ValueError:
        indices = None
    is_list = isinstance(indices, list) and indices
    if not is_list or not all(type(each) is int and each >= 0 for each in indices):
        message = f"{place}: indices are not a list of image numbers such as [12, 7]"
        raise BadDataError(message)
    return tuple(indices)
