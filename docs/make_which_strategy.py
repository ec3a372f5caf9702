"""Writes the table of evidence in docs/which-strategy.md, from what `al-job advise` says.

    python -m docs.make_which_strategy

The table lies between two comments. All other text is written by hand.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from docs.generated import with_part
from job.advice.evidence import EVIDENCE, Condition

PAGE = Path(__file__).parent / "which-strategy.md"
TITLES: dict[Condition, str] = {
    "redundant": "Images are alike: frames of videos, copies",
    "rare": "Classes are rare",
    "empty": "Images show no object, and looking at one costs something",
    "none": "None of these",
}


def write(text: str) -> str:
    """Return the page with its table made anew."""
    return with_part(text, "evidence", "\n".join(_table()))


def _table() -> Iterator[str]:
    yield "| Condition | What to expect | Source |\n| --- | --- | --- |"
    for condition, title in TITLES.items():
        found = EVIDENCE[condition]
        yield f"| {title} | {found.says} | {_link(found.source)} |"


def _link(source: str) -> str:
    """Return a source, as a link if it is another page."""
    page = re.fullmatch(r"docs/(.+?)(?:/README)?\.md", source)
    return f"[{page[1]}]({source.removeprefix('docs/')})" if page else source


if __name__ == "__main__":
    PAGE.write_text(write(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
