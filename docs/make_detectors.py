"""Writes what docs/detectors.md says of each detector, from the docstrings in job/detection/.

    python -m docs.make_detectors

A generated part of the page lies between two comments, as in docs/make_strategies.py.
"""

import inspect
import sys
from collections.abc import Iterator
from pathlib import Path

from docs.generated import settings_of, with_part
from job.detection.detectors.architecture import Architecture
from job.detection.detectors.registry import DETECTORS

PAGE = Path(__file__).parent / "detectors.md"


def write(text: str) -> str:
    """Return the page with its generated parts made anew."""
    kinds = {name: DETECTORS.load(name, Architecture) for name in sorted(DETECTORS.built_in)}
    overview = "\n".join(_overview(kinds))
    sections = "\n\n".join(_section(*each) for each in kinds.items())
    return with_part(with_part(text, "detectors", overview), "settings", sections)


def _overview(kinds: dict[str, type[Architecture]]) -> Iterator[str]:
    yield "| Detector | What it is |\n| --- | --- |"
    for name, kind in kinds.items():
        first, *_ = _paragraphs(kind.__doc__)
        yield f"| [`{name}`](#{name}) | {' '.join(first.split())} |"


def _section(name: str, kind: type[Architecture]) -> str:
    module = _paragraphs(sys.modules[kind.__module__].__doc__)
    settings = f"The licence of the hub's weights: {kind.licence}."
    return "\n\n".join(
        [f"### `{name}`", *module, *_paragraphs(kind.__doc__)[1:], settings_of(kind), settings]
    )


def _paragraphs(text: str | None) -> list[str]:
    return inspect.cleandoc(text or "").split("\n\n")


if __name__ == "__main__":
    PAGE.write_text(write(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
