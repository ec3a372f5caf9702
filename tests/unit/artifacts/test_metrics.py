"""metrics.json, both ways."""

import json

import pytest

from job.artifacts.metrics import dump_metrics, load_metrics
from job.detection.metrics.average_precision import ClassMetrics, Metrics
from job.errors import BadDataError

METRICS = Metrics(
    0.5, 0.25, None, {"größe": ClassMetrics(0.5, 0.25, None, 3)}, num_images=2, num_boxes=3
)


def test_metrics_are_read_as_they_were_written() -> None:
    """A metric that is not defined is null; keys of a newer version are left alone."""
    content = json.loads(dump_metrics(METRICS))
    assert content["format"] == 1
    assert content["map_coco"] is None
    content["new"] = content["classes"]["größe"]["new"] = 1
    assert load_metrics(json.dumps(content).encode(), "m") == METRICS


def test_damaged_metrics_are_named() -> None:
    """Metrics that lack something are bad data."""
    for content in ({"format": 1}, {"format": 1, "classes": {"a": {}}}):
        with pytest.raises(BadDataError, match="place is damaged"):
            load_metrics(json.dumps(content).encode(), "place")
