"""What has to be equal wherever an experiment ran, and however often it was interrupted."""

import csv
import hashlib
import io
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping

from job.config.schema import Config
from job.keys import REPORT, StageRef
from job.plan import Plan
from job.report.analysis.results import TIMES

LocalRun = Callable[[str], dict[str, bytes]]
"""Runs an experiment in one process, and returns every object of its store."""

OF_THIS_RUN = re.compile(
    r"(done|status|partition-\d+-of-\d+)\.json$|history(-[0-9a-f]+)?\.jsonl$|/logs/|/report/|/usage/|^\.|^doctor"
)
"""Objects that hold times and names of pods, or are made from those that are compared."""


def steady(contents: Mapping[str, bytes]) -> dict[str, str]:
    """Return the digest of each object that two runs of the same experiment have in common."""
    return {
        key: hashlib.sha256(_without_times(key, data)).hexdigest()
        for key, data in contents.items()
        if not OF_THIS_RUN.search(key)
    }


def _without_times(key: str, data: bytes) -> bytes:
    if not key.endswith("/results.csv"):
        return data
    rows = csv.DictReader(io.StringIO(data.decode()))
    kept = [{k: v for k, v in row.items() if k not in TIMES} for row in rows]
    return repr(kept).encode()


def words_of(ref: StageRef) -> str:
    """Return a stage in the words of its Job's name, such as `s0-brust-r1-train`."""
    arm = f"{ref.round.arm}-" if ref.round.arm else ""
    return f"s{ref.round.seed}-{arm}r{ref.round.index}-{ref.stage}"


def training(config: Config) -> StageRef:
    """Return the first training of an experiment."""
    return next(ref for ref in Plan(config).stages() if ref.stage == "train")


def each_once(config: Config, partitions: int = 1) -> Counter[str]:
    """Return one run for each stage, for each partition of a scoring, and for the report."""
    stages = (name for ref in Plan(config).stages() for name in _names(ref, partitions))
    return Counter([*stages, REPORT])


def _names(ref: StageRef, partitions: int) -> Iterator[str]:
    if ref.stage == "score":
        yield from (f"{words_of(ref)}/{index}" for index in range(partitions))
    else:
        yield words_of(ref)
