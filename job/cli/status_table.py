"""An experiment's status as a table for the terminal."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from rich.console import Group
from rich.text import Text

from job.board import arm_statuses
from job.keys import STAGES, RoundRef
from job.progress import (
    OVER,
    ArmStatus,
    Driver,
    RoundStatus,
    StageStatus,
    Status,
    seconds_left,
)
from job.report.analysis.results import show_measured, show_metric
from job.report.cluster_usage import HEADER, PACE_HEADER, pace_rows, usage_rows
from job.runtime.tables import TextTable

MAX_ROWS = 60
"""Of an experiment of more rounds, the arms are shown, and the rounds at work."""


def status_table(status: Status) -> Group:
    """Return the status for a terminal: a row for each round, and why stages do not run."""
    arms = status.arms
    if not arms and len(status.rounds) > MAX_ROWS:
        arms = tuple(arm_statuses(status.rounds))
    if not arms:
        title = f"{status.experiment}: seconds of the stages that are done"
        return Group(_rounds(title, status.rounds, status), *_usage(status), *_lines(status))
    at_work = [each for each in status.rounds if _is_at_work(each)]
    tables = [_arms(f"{status.experiment}: rounds that are done", arms)]
    if at_work:
        tables.append(_rounds("rounds at work: seconds of their stages", at_work, status))
    return Group(*tables, *_usage(status), *_lines(status))


def _arms(title: str, arms: Sequence[ArmStatus]) -> TextTable:
    table = TextTable(title, ("arm", "rounds", "mAP50"), names={"arm"})
    for each in arms:
        metric = "" if each.map50 is None else show_metric(each.map50)
        table.rows.append((each.arm, f"{each.rounds_done} of {each.rounds}", metric))
    return table


def _is_at_work(status: RoundStatus) -> bool:
    return any(told.state != "done" for told in status.stages.values())


def _rounds(title: str, rounds: Sequence[RoundStatus], status: Status) -> TextTable:
    table = TextTable(title, ("seed", "arm", "round", *STAGES, "mAP50"), names={"arm"})
    num_versions = sum(each.seed is None for each in status.rounds)
    for each in rounds:
        ref = RoundRef(status.experiment, each.seed, each.arm, each.round)
        cells = ["" if ref.is_test else str(each.seed), each.arm, ref.label]
        cells += [_cell(each.stages.get(stage)) for stage in STAGES]
        table.rows.append((*cells, _metric(each, num_versions)))
    return table


def _usage(status: Status) -> list[TextTable]:
    """Return what Jobs took of the cluster and how fast they were, if a driver has counted it."""
    took, paces = usage_rows(status.usage), pace_rows(status.usage)
    tables = [TextTable("what Jobs took of the cluster", HEADER, rows=took)]
    tables += [TextTable("how fast they were", PACE_HEADER, rows=paces)] if paces else []
    return tables if status.usage else []


def _lines(status: Status) -> list[Text]:
    """Return what there is to say beside the rounds, a line each."""
    lines = [Text(_driver_line(status.driver))] if status.driver else []
    lines += [
        Text(f"from round {move.from_round} on: version {move.version} of the data set")
        for move in status.moves
    ]
    lines += [Text(reason) for reason in _reasons(status)]
    if status.num_untold:
        lines.append(Text(f"{status.num_untold} more rounds at work"))
    if (left := seconds_left(status)) is not None:
        time_left = timedelta(seconds=round(left))
        lines.append(Text(f"about {time_left} of work left, one stage at a time"))
    return lines


def _reasons(status: Status) -> dict[str, None]:
    """Return why stages do not run, each once."""
    reasons: dict[str, None] = {}
    for each in status.rounds:
        ref = RoundRef(status.experiment, each.seed, each.arm, each.round)
        for stage, told in each.stages.items():
            if told.reason:
                reasons[f"{ref.stage(stage)}: {told.state}: {told.reason}"] = None
    return reasons


def _metric(status: RoundStatus, num_versions: int) -> str:
    """Return a round's metric, with the version of the test set if there are several."""
    evaluated = status.stages.get("evaluate")
    if evaluated is None or evaluated.state != "done":
        return ""
    return show_measured(status.map50, status.test_version, num_versions)


def _cell(status: StageStatus | None) -> str:
    return status.short if status else ""


def _driver_line(driver: Driver) -> str:
    age = (datetime.now(UTC) - driver.updated).total_seconds()
    message = f": {driver.message}" if driver.message else ""
    heard = "" if driver.phase in OVER else f" (heard of {max(age, 0):.0f} s ago)"
    return f"driver of {driver.release}: {driver.phase}{heard}{message}"
