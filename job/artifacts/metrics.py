"""The metrics of a round's model, and `metrics.json`."""

from dataclasses import asdict

from job.detection.metrics.average_precision import ClassMetrics, Metrics
from job.errors import BadDataError
from job.storage.documents import dump_json, known_fields, load_json


def dump_metrics(metrics: Metrics) -> bytes:
    """Return metrics as JSON; a metric that is not defined is null."""
    return dump_json(asdict(metrics))


def load_metrics(data: bytes, where: str) -> Metrics:
    """Read what `dump_metrics` wrote.

    Raises:
        BadDataError: It is damaged, or written by a newer version.
    """
    content = known_fields(Metrics, load_json(data, where))
    try:
        classes = {
            name: ClassMetrics(**known_fields(ClassMetrics, each))
            for name, each in content["classes"].items()
        }
        return Metrics(**(content | {"classes": classes}))
    except (KeyError, TypeError, AttributeError) as error:
        message = f"{where}: not the metrics of a round: {error!r}"
        raise BadDataError(message) from error
