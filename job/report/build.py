"""Writing an experiment's results, and showing them."""

from rich.table import Table

from job.artifacts.markers import Markers
from job.artifacts.reader import Reader
from job.keys import ExperimentKeys
from job.plan import Plan
from job.report.analysis.facts import read_facts
from job.report.analysis.results import Row, rows_of, show_metric, to_csv
from job.runtime import log
from job.storage import Store

COLUMNS = ("seed", "arm", "round", "images", "boxes", "mAP50", "mAP COCO", "train s", "active s")


def write_report(
    store: Store,
    plan: Plan,
    *,
    setup_cost: float | None = None,
    light: bool = False,
    reader: Reader | None = None,
) -> list[Row]:
    """Write `results.csv` and, once a round is evaluated, the page with all of its figures.

    Args:
        store: Where the experiment is.
        plan: The experiment.
        setup_cost: Money to set active learning up, once; unset: no word of whether it pays.
        light: Leave out what reads the data set and the score record: contact sheets, redundancy.
        reader: One with a listing of the experiment; unset: a new one.
    """
    experiment = plan.config.experiment
    reader = reader or Reader.listed(store, experiment)
    rows, keys = rows_of(reader, plan), ExperimentKeys(experiment)
    store.delete(keys.page)  # it comes back last: where it is, all of the report is
    store.write(keys.results, to_csv(rows))
    if rows:
        from job.report import page  # noqa: PLC0415 - matplotlib: no stage should wait for it
        from job.report.picks.redundancy import redundancies  # noqa: PLC0415
        from job.report.picks.sheets import sheets_of  # noqa: PLC0415

        facts = read_facts(reader, plan)
        looks = page.Looks()
        if not light:
            alike = redundancies(reader, experiment, facts)
            looks = page.Looks(tuple(sheets_of(reader, experiment, facts)), alike)
        for name, data in page.files(plan.config, rows, facts, looks, setup_cost):
            store.write(keys.report(name), data)
    return rows


def update_report(
    store: Store, plan: Plan, markers: Markers | None = None, *, light: bool = False
) -> list[Row]:
    """Write the report if there is none of these results.

    Args:
        store: Where the experiment is.
        plan: The experiment.
        markers: Those that this process has read; unset: none.
        light: See `write_report`.
    """
    keys = ExperimentKeys(plan.config.experiment)
    reader = Reader.listed(store, plan.config.experiment, markers)
    rows = rows_of(reader, plan)
    if keys.page in reader.listing and store.read(keys.results) == to_csv(rows):
        return rows
    log.get().info("report.begin")
    return write_report(store, plan, light=light, reader=reader)


def table_of(rows: list[Row]) -> Table:
    """Return the rounds as a table for the terminal."""
    table = Table(title="mAP at IoU 0.5 on the test set")
    for name in COLUMNS:
        table.add_column(name, justify="left" if name == "arm" else "right")
    for row in rows:
        table.add_row(
            str(row.seed),
            row.arm,
            str(row.round),
            str(row.total_samples),
            str(row.bboxes),
            show_metric(row.mAP),
            show_metric(row.map_coco),
            f"{row.train_time:.1f}",
            f"{row.active_time:.1f}",
        )
    return table
