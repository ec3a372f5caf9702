"""Writes what docs/strategies.md says of each strategy, from the docstrings in job/acquisition/.

    python -m docs.make_strategies

A generated part of the page lies between two comments: `<!-- NAME: made by make docs -->` and
`<!-- end of NAME -->`. All other text is written by hand.
"""

import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from docs.generated import settings_of, with_part
from job.acquisition.registry import STRATEGIES
from job.acquisition.strategy import Strategy

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "strategies.md"
EXAMPLE = ROOT / "tests" / "typing" / "most_boxes.py"
LEGEND = re.compile(r"[A-Z](, [A-Z])* = ")
"""How the paragraph of a module's docstring begins that explains the letters of shapes."""


def write(text: str) -> str:
    """Return the page with its generated parts made anew."""
    strategies = {name: STRATEGIES.load(name, Strategy) for name in sorted(STRATEGIES.built_in)}
    wrappers = {name: each for name, each in strategies.items() if ".wrappers." in each.__module__}
    methods = {name: each for name, each in strategies.items() if name not in wrappers}
    parts = {
        "strategies": "\n".join(_overview("Strategy", methods)),
        "wrappers": "\n".join(_overview("Wrapper", wrappers)),
        "settings": "\n\n".join(_section(*each) for each in [*methods.items(), *wrappers.items()]),
        "example": f"```python\n{EXAMPLE.read_text(encoding='utf-8')}```",
    }
    for name, part in parts.items():
        text = with_part(text, name, part)
    return text


def _overview(kind: str, strategies: dict[str, type[Strategy]]) -> Iterator[str]:
    yield f"| {kind} | What it does | Reads |\n| --- | --- | --- |"
    for name, strategy in strategies.items():
        first = inspect.cleandoc(strategy.__doc__ or "").split("\n\n")[0].replace("\n", " ")
        yield f"| [`{name}`](#{name}) | {first} | {_reads(strategy)} |"


def _reads(strategy: type[Strategy]) -> str:
    """Return the columns that are read of the unlabelled images' record, in words."""
    columns: property | frozenset[str] = inspect.getattr_static(strategy, "reads")
    if columns is inspect.getattr_static(Strategy, "reads"):
        return "nothing"
    if isinstance(columns, property):
        return inspect.cleandoc(columns.__doc__ or "").rstrip(".").replace("What", "what", 1)
    return ", ".join(f"`{name}`" for name in sorted(columns))


def _section(name: str, strategy: type[Strategy]) -> str:
    module = inspect.cleandoc(sys.modules[strategy.__module__].__doc__ or "").split("\n\n")
    paragraphs = [each for each in module if not LEGEND.match(each)]
    if _is_shared(strategy):
        paragraphs = []
    paragraphs += inspect.cleandoc(strategy.__doc__ or "").split("\n\n")
    return "\n\n".join([f"### `{name}`", *paragraphs, settings_of(strategy)])


def _is_shared(strategy: type[Strategy]) -> bool:
    """Return whether several strategies are in the module, so that its docstring is of all."""
    places = [place for place in STRATEGIES.built_in.values() if strategy.__module__ in place]
    return len(places) > 1


if __name__ == "__main__":
    PAGE.write_text(write(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
