"""An experiment's results, written into its store, and as a table for the terminal."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from job.artifacts.experiment_file import UsedVersion, used_versions
from job.artifacts.reader import Reader
from job.keys import ExperimentKeys
from job.plan import Plan
from job.report.analysis.facts import Facts, read_facts
from job.report.analysis.missing import missing_rounds
from job.report.analysis.results import (
    Row,
    of_newest_test,
    rows_of,
    show_measured,
    show_metric,
    to_csv,
)
from job.runtime import log
from job.runtime.tables import TextTable
from job.storage import Store

if TYPE_CHECKING:
    from job.report.drawing.render import Draw
    from job.report.page import Page
    from job.report.picks.groups import Groups
    from job.report.sections import Context

HEADER = ("seed", "arm", "round", "images", "boxes", "mAP50", "mAP COCO", "train s", "active s")


TITLE = "mAP at IoU 0.5 on the test set"
UNMEASURED = "Nothing is measured: there is no test set, or none of its images shows any class"


def write_report(  # noqa: PLR0913 - what a report can be asked for
    store: Store,
    plan: Plan,
    *,
    setup_cost: float | None = None,
    goal: float | None = None,
    is_final: bool = False,
    light: bool = False,
    draw: "Draw | None" = None,
    reader: Reader | None = None,
) -> list[Row]:
    """Write `results.csv` and, if a round is evaluated, the page with all of its files.

    Args:
        store: The store of the experiment.
        plan: The experiment.
        setup_cost: Money to set up active learning, once; None: the page does not say whether it
            pays.
        goal: The mAP to forecast the images for; None: 5 points above the baseline's final one, and
            that of the fully supervised training, if there is one.
        is_final: Judge what is there, though rounds are missing: they will not come.
        light: Leave out what reads the data set and the score record: contact sheets, redundancy,
            groups, kinds of errors, estimates about the pool, how many proposals are right.
        draw: Draws a figure; None: as SVG and PNG, by matplotlib.
        reader: A reader with a listing of the experiment; None: a new one.

    All of it is made before anything is written: a report that fails leaves the one before.

    Raises:
        UsageError: The data set is not there.
        ConfigError: The data set is not the one that the experiment began with.
        BadDataError: An object of a finished stage is damaged.
    """
    experiment = plan.config.experiment
    reader = reader or Reader.listed(store, experiment)
    rows, keys, files = rows_of(reader, plan), ExperimentKeys(experiment), {}
    if rows:
        context = _context(reader, plan, rows, is_final=is_final, light=light, draw=draw)
        context = replace(context, setup_cost=setup_cost, goal=goal)
        files = dict(report_page(context).files())
    store.delete(keys.page)  # the page is written last: if it exists, the report is complete
    store.write(keys.results, to_csv(rows))
    for name, data in files.items():
        store.write(keys.report(name), data)
    return rows


def update_report(
    store: Store,
    plan: Plan,
    reader: Reader | None = None,
    *,
    light: bool = False,
    draw: "Draw | None" = None,
) -> list[Row]:
    """Write the report unless there is one of the same results.

    Args:
        store: The store of the experiment.
        plan: The experiment.
        reader: The reader of this process, which reads nothing twice; None: a new one.
        light: As in `write_report`.
        draw: As in `write_report`.
    """
    keys = ExperimentKeys(plan.config.experiment)
    reader = reader or Reader(store)
    reader.markers.refresh(plan.config.experiment)
    rows = rows_of(reader, plan)
    is_there = keys.page in reader.listing and keys.results in reader.listing
    if is_there and store.read(keys.results) == to_csv(rows):
        return rows
    log.get().info("report.begin")
    return write_report(store, plan, light=light, draw=draw, reader=reader)


def _context(  # noqa: PLR0913 - the arguments of `write_report`
    reader: Reader,
    plan: Plan,
    rows: list[Row],
    *,
    is_final: bool,
    light: bool,
    draw: "Draw | None",
) -> "Context":
    # What draws takes a second to import: no stage should wait for it.
    from job.report.analysis.findings import find  # noqa: PLC0415
    from job.report.drawing import render  # noqa: PLC0415
    from job.report.errors.read import read_errors  # noqa: PLC0415
    from job.report.people.proposals import read_anchoring  # noqa: PLC0415
    from job.report.people.rounds import read_people  # noqa: PLC0415
    from job.report.picks.redundancy import redundancies  # noqa: PLC0415
    from job.report.picks.sheets import sheets_of  # noqa: PLC0415
    from job.report.pool.contents import contents_of  # noqa: PLC0415
    from job.report.pool.draws import read_draws  # noqa: PLC0415
    from job.report.pool.model import latest_metric  # noqa: PLC0415
    from job.report.sections import Context  # noqa: PLC0415
    from job.report.verdict.people import anchoring_sentence  # noqa: PLC0415

    every, rows = rows, of_newest_test(rows)
    versions = used_versions(reader.store, plan.config)
    reader.datasets.update((each.data.digest, each.data) for each in versions)
    facts, experiment = read_facts(reader, plan, versions), plan.config.experiment
    facts = replace(facts, num_outdated=len(every) - len(rows))
    people = read_people(reader, plan)
    anchoring = read_anchoring(reader, plan, people.rounds) if people and not light else None
    if anchoring and anchoring.is_suspicious:
        log.get().warning("report.anchoring", reason=anchoring_sentence(anchoring))
    draws = () if light else read_draws(reader, plan)
    metrics = (latest_metric(reader, plan.config, each) for each in draws)
    return Context(
        config=plan.config,
        rows=rows,
        facts=facts,
        findings=find(
            rows,
            facts.arms,
            facts.num_to_train_on,
            missing=missing_rounds(plan, rows, is_final=is_final),
            smallest_effect=plan.config.report.smallest_effect / 100,
        ),
        draw=draw or render.draw,
        sheets=() if light else tuple(sheets_of(reader, experiment, facts)),
        people=people,
        anchoring=anchoring,
        pool=contents_of(draws),
        drawn_metrics=tuple(each for each in metrics if each),
        groups=None if light else _groups(facts, versions),
        errors=() if light else tuple(read_errors(reader, plan, rows, facts.arms)),
        redundancies={} if light else redundancies(reader, experiment, facts),
    )


def _groups(facts: Facts, versions: Sequence[UsedVersion]) -> "Groups | None":
    from job.report.picks.groups import groups_of  # noqa: PLC0415 - see `_context`

    last = versions[-1].data
    given_ids = {each.from_round: each.data.given_ids() for each in versions}
    return groups_of(facts, last.groups("pool"), last.ids("pool"), given_ids)


def report_page(context: "Context") -> "Page":
    """Return the page of an experiment, with every section that is registered."""
    from job.report.page import Page  # noqa: PLC0415 - see `_context`
    from job.report.sections import build_sections  # noqa: PLC0415
    from job.report.wording import counted  # noqa: PLC0415

    comparison = context.findings.comparison
    is_compared = context.is_measured and len(comparison.arms) > 1
    compared = f"; compared with {comparison.baseline}" * is_compared
    num_seeds = len({row.seed for row in context.rows})
    return Page(
        title=f"{context.config.experiment}: active learning report",
        heading=context.config.experiment,
        about=f"{context.facts.num_to_choose_from} images to choose from,"
        f" {counted(len(comparison.arms), 'arm')}, {counted(num_seeds, 'seed')}{compared}.",
        sections=build_sections(context),
        numbers="comparison.json",
    )


def table_of(rows: list[Row]) -> TextTable:
    """Return the rounds as a table for the terminal."""
    is_measured = any(row.mAP is not None for row in rows) or not rows
    table = TextTable(TITLE if is_measured else UNMEASURED, HEADER, names={"arm"})
    num_versions = len({row.test_version for row in rows})
    for row in rows:
        table.rows.append(
            (
                str(row.seed),
                row.arm,
                str(row.round),
                str(row.total_samples),
                str(row.bboxes),
                show_measured(row.mAP, row.test_version, num_versions),
                show_metric(row.map_coco),
                f"{row.train_time:.1f}",
                f"{row.active_time:.1f}",
            )
        )
    return table
