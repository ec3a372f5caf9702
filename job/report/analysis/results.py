"""`results.csv`: one row per seed, arm and round, beginning with the tutorial's columns.

Counts are of unique images: every labelled image counts once. Times are wall seconds of the stages
and differ from run to run; everything else is the same for the same configuration on a CPU.
"""

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields

from job.artifacts.reader import Reader
from job.keys import RoundRef, Stage, test_label
from job.plan import Arm, Plan

TIMES = ("train_time", "active_time", "total_time")
"""The columns that hold measured times."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """The result of one arm's round under one seed."""

    # The tutorial's columns, by its names.
    strategy: str
    """The strategy that selected this round's images."""
    args: str
    """The strategy's settings, as JSON."""
    step: int
    """The round."""
    mAP: float | None  # noqa: N815 - the tutorial's name
    """VOC's AP at IoU 0.5 (area under the curve), mean over classes, on the test set."""
    train_time: float
    """Seconds of training."""
    active_time: float
    """Seconds of selecting, and of scoring for it in the previous round."""
    total_time: float
    """The two together."""
    total_samples: int
    """Labelled images so far, those that came along with their labels among them."""
    bboxes: int
    """Labelled boxes so far, likewise."""

    experiment: str
    seed: int
    arm: str
    round: int
    new_samples: int
    """Images that this round picked and labelled."""
    map_11point: float | None
    """VOC's AP at IoU 0.5 by 11 points, as in 2007 and in the tutorial."""
    map_coco: float | None
    """COCO's AP, mean over IoU 0.5 to 0.95."""
    annotation_seconds: float
    """Of labelling so far: as people's time was measured, else by the configured seconds."""
    annotation_money: float
    """Of labelling so far, by the configured prices."""
    test_version: int | None = None
    """The version of the test set that it was measured on. The column is left out if no test set is
    drawn from the pool."""


def rows_of(reader: Reader, plan: Plan) -> list[Row]:
    """Return a row for each round that has been evaluated.

    A round that is being annotated again is left out until that is done.
    """
    return [
        _row(reader, plan, arm, ref)
        for arm, ref in plan.rounds()
        if all(reader.markers.get(ref.stage(stage)) for stage in ("evaluate", "annotate"))
    ]


def _row(reader: Reader, plan: Plan, arm: Arm, ref: RoundRef) -> Row:
    metrics, cost = reader.metrics(ref), reader.cost(ref)
    selection = plan.arm_of(ref).selection
    train = _seconds(reader, ref, "train")
    active = _seconds(reader, ref, "select")
    select = reader.markers.get(ref.stage("select"))
    if ref.index and select and select.reads_scores:
        active += _seconds(reader, ref.at(ref.index - 1), "score")
    return Row(
        strategy=selection.strategy,
        args=json.dumps(selection.settings),
        step=ref.index,
        mAP=metrics.map50_area,
        train_time=train,
        active_time=round(active, 3),
        total_time=round(train + active, 3),
        total_samples=cost.labelled.images,
        bboxes=cost.labelled.boxes,
        experiment=ref.experiment,
        seed=ref.own_seed,
        arm=arm.name,
        round=ref.index,
        new_samples=cost.own.images,
        map_11point=metrics.map50_11point,
        map_coco=metrics.map_coco,
        annotation_seconds=cost.cumulative.seconds,
        annotation_money=cost.cumulative.money,
        test_version=reader.marker(ref.stage("evaluate")).test_version,
    )


def of_newest_test(rows: Sequence[Row]) -> list[Row]:
    """Return the rows that can be compared: those that were measured on the newest test set."""
    newest = max((row.test_version or 0 for row in rows), default=0)
    return [row for row in rows if (row.test_version or 0) == newest]


def _seconds(reader: Reader, ref: RoundRef, stage: Stage) -> float:
    marker = reader.markers.get(ref.stage(stage))
    return marker.seconds if marker else 0.0


def to_csv(rows: Sequence[Row]) -> bytes:
    """Return the rows as CSV, undefined values empty."""
    file = io.StringIO()
    names = [field.name for field in fields(Row)]
    if all(row.test_version is None for row in rows):
        names.remove("test_version")
    writer = csv.DictWriter(file, names, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({name: _cell(value) for name, value in asdict(row).items()})
    return file.getvalue().encode()


def _cell(value: object) -> object:
    return f"{value:.6g}" if isinstance(value, float) else value


def show_metric(value: float | None) -> str:
    """Return a metric for a table; a dash without a test set, or if it shows no class."""
    return "-" if value is None else f"{value:.3f}"


def show_measured(value: float | None, test_version: int | None, num_versions: int) -> str:
    """Return a metric for a table, with the version of the test set if there are several."""
    on = f" on {test_label(test_version - 1)}" if test_version and num_versions > 1 else ""
    return f"{show_metric(value)}{on}"
