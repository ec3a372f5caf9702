"""The metrics of a round's model, and `metrics.json`."""

from dataclasses import asdict

from job.artifacts.names import RERUN
from job.detection.metrics.average_precision import Metrics
from job.storage.documents import checked, dump_json, load_json


def dump_metrics(metrics: Metrics) -> bytes:
    """Return metrics as JSON; a metric that is not defined is null."""
    return dump_json(asdict(metrics))


def load_metrics(data: bytes, where: str) -> Metrics:
    """Read what `dump_metrics` wrote.

    Raises:
        BadDataError: It is damaged, or written by a newer version.
    """
    return checked(Metrics, load_json(data, where, RERUN), where, RERUN)
