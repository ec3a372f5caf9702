"""The rows of `results.csv`."""

import csv
import io

import pytest

from job.artifacts.experiment_file import load_experiment
from job.artifacts.reader import Reader
from job.plan import Plan
from job.report.analysis.results import TIMES, rows_of, to_csv
from job.storage.local import LocalStore


def test_results_begin_with_the_tutorials_columns(finished: LocalStore) -> None:
    """One row per seed, arm and round, by the tutorial's names first."""
    text = to_csv(
        rows_of(Reader.listed(finished, "tiny"), Plan(load_experiment(finished, "tiny")))
    ).decode()
    header = text.splitlines()[0]
    assert header.startswith(
        "strategy,args,step,mAP,train_time,active_time,total_time,total_samples,bboxes,"
    )
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [(row["arm"], row["step"]) for row in rows] == [
        (arm, str(index)) for arm in ("random", "brust") for index in range(3)
    ]
    assert [row["total_samples"] for row in rows[:3]] == ["6", "10", "14"]
    for row in rows:
        parts = float(row["train_time"]) + float(row["active_time"])
        assert float(row["total_time"]) == pytest.approx(parts, abs=0.002)
        assert set(TIMES) < row.keys()


def test_labels_cost_a_part_an_image_and_a_part_a_box(finished: LocalStore) -> None:
    """So far: 63 s and 0.882 an image, 5.9 s and 0.0826 a box, as the curves have it."""
    for row in rows_of(Reader.listed(finished, "tiny"), Plan(load_experiment(finished, "tiny"))):
        images, boxes = row.total_samples, row.bboxes
        assert row.annotation_seconds == pytest.approx(63 * images + 5.9 * boxes)
        assert row.annotation_money == pytest.approx(0.882 * images + 0.0826 * boxes)
