"""How a training went, and `history.jsonl`."""

import json

from job.artifacts.names import RERUN
from job.detection.training.history import HistoryRow
from job.errors import BadDataError
from job.storage.documents import checked


def load_history(data: bytes, where: str) -> list[HistoryRow]:
    """Read a row from each line.

    Raises:
        BadDataError: It is damaged.
    """
    try:
        rows = [json.loads(line) for line in data.splitlines()]
    except ValueError as error:
        message = f"{where} is damaged: not JSON, or not all of it ({error}): {RERUN}"
        raise BadDataError(message) from error
    return checked(list[HistoryRow], rows, where, RERUN)
