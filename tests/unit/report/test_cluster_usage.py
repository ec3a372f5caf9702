"""What Jobs took of a cluster, as people read it."""

from job.artifacts.usage import Usage
from job.records.pace import Pace
from job.report.cluster_usage import HEADER, PACE_HEADER, pace_rows, usage_rows


def test_rows_are_in_the_order_of_a_round_with_their_sum() -> None:
    """The queue is a mean of the Jobs: 30 + 600 s of two trainings are 5.2 minutes each."""
    usage = {
        "report": Usage(1, 0.0, 36.0, 0.0, 0.0, 1, 0),
        "train": Usage(2, 630.0, 5400.0, 10800.0, 1234.5, 3, 1),
        "select": Usage(1, 60.0, 18.0, 0.0, 0.0, 1, 0),
    }
    assert usage_rows(usage) == [
        ("select", "1", "1", "0", "1.0", "0.01", "0.00", ""),
        ("train", "2", "3", "1", "5.2", "1.50", "3.00", "1,234.50"),
        ("report", "1", "1", "0", "0.0", "0.01", "0.00", ""),
        ("all", "4", "5", "1", "2.9", "1.51", "3.00", "1,234.50"),
    ]
    assert all(len(row) == len(HEADER) for row in usage_rows(usage))


def test_how_fast_stages_were_is_told_if_a_network_saw_images() -> None:
    """A GPU's memory is that of the process that took most; without a GPU there is none."""
    usage = {
        "evaluate": Usage(1, pace=Pace(50, 20.0, 1.0, 0)),
        "select": Usage(1),
        "train": Usage(2, pace=Pace(6400, 64.0, 16.0, 15_360)),
    }
    assert pace_rows(usage) == [
        ("train", "6400", "100.0", "25", "15.0"),
        ("evaluate", "50", "2.5", "5", ""),
    ]
    assert all(len(row) == len(PACE_HEADER) for row in pace_rows(usage))
