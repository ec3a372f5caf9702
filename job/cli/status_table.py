"""An experiment's status as a table for the terminal."""

from datetime import UTC, datetime, timedelta

from rich.console import Group
from rich.text import Text

from job.keys import STAGES, RoundRef
from job.progress import OVER, Driver, RoundStatus, StageStatus, Status, seconds_left
from job.report.analysis.results import show_measured
from job.runtime.tables import TextTable


def status_table(status: Status) -> Group:
    """Return the status for a terminal: a row for each round, and why stages do not run."""
    title = f"{status.experiment}: seconds of the stages that are done"
    table = TextTable(title, ("seed", "arm", "round", *STAGES, "mAP50"), names={"arm"})
    reasons: dict[str, None] = {}
    num_versions = sum(each.seed is None for each in status.rounds)
    for each in status.rounds:
        ref = RoundRef(status.experiment, each.seed, each.arm, each.round)
        cells = ["" if ref.is_test else str(each.seed), each.arm, ref.label]
        cells += [_cell(each.stages.get(stage)) for stage in STAGES]
        table.rows.append((*cells, _metric(each, num_versions)))
        for stage, told in each.stages.items():
            if told.reason:
                reasons[f"{ref.stage(stage)}: {told.state}: {told.reason}"] = None
    lines = [
        Text(f"from round {move.from_round} on: version {move.version} of the data set")
        for move in status.moves
    ]
    lines += [Text(reason) for reason in reasons]
    if (left := seconds_left(status)) is not None:
        time_left = timedelta(seconds=round(left))
        lines.append(Text(f"about {time_left} of work left, one stage at a time"))
    if status.driver:
        lines.insert(0, Text(_driver_line(status.driver)))
    return Group(table, *lines)


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
