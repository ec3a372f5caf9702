"""The JSON of annotation tools."""

import json
from math import isfinite
from typing import Any


def parse_json(text: str | bytes) -> Any:
    """Return the content of JSON, where None stands for infinite numbers and NaN.

    Some tools write `NaN` for what they do not know, and the book of labels cannot hold it.

    Raises:
        ValueError: It is not JSON.
        RecursionError: It is nested too deeply.
    """
    return json.loads(text, parse_float=_finite, parse_constant=lambda _: None)


def _finite(text: str) -> float | None:
    number = float(text)
    return number if isfinite(number) else None
