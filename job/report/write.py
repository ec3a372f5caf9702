"""Writing an experiment's results, and showing them."""

from rich.table import Table

from job.config import Config
from job.data.dataset import Dataset
from job.errors import UsageError
from job.keys import ExperimentKeys
from job.report.facts import read_facts
from job.report.results import Row, rows_of, show_metric, to_csv
from job.storage import Store

COLUMNS = ("seed", "arm", "round", "images", "boxes", "mAP50", "mAP COCO", "train s", "active s")


def write_report(store: Store, config: Config) -> list[Row]:
    """Write `results.csv` and the learning curve of what has been evaluated so far."""
    rows = rows_of(store, config)
    keys = ExperimentKeys(config.experiment)
    store.write(keys.results, to_csv(rows))
    if rows:
        from job.report import curve  # noqa: PLC0415 - matplotlib: no stage should wait for it

        store.write(keys.report("curve.png"), curve.draw(rows, config.experiment))
    return rows


def write_page(store: Store, config: Config, setup_cost: float | None = None) -> list[Row]:
    """Write `results.csv` and the whole report of what has been evaluated so far.

    Args:
        store: Where the experiment is.
        config: Its configuration.
        setup_cost: Money to set active learning up, once; unset: no word of whether it pays.

    Raises:
        UsageError: Nothing has been evaluated yet.
    """
    from job.report import page  # noqa: PLC0415 - matplotlib: nobody else should wait for it
    from job.report.picked import sheets_of  # noqa: PLC0415

    rows = write_report(store, config)
    if not rows:
        message = (
            f"{config.experiment}: no round is evaluated yet, so there is nothing to report; "
            "`al-job status` shows what is done"
        )
        raise UsageError(message)
    facts = read_facts(store, config)
    sheets = sheets_of(Dataset.open(store, config.dataset.name), facts)
    keys = ExperimentKeys(config.experiment)
    for name, data in page.files(config, rows, facts, sheets, setup_cost):
        store.write(keys.report(name), data)
    return rows


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
