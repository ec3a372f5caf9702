"""Decision records: numbered, dated, of one form, and all in the index."""

import re
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[3] / "docs" / "decisions"
RECORDS = sorted(FOLDER.glob("[0-9]*.md"))
PARTS = ["Goal", "Decision", "Drawback", "Alternatives"]


def title_of(record: Path) -> str:
    return record.read_text(encoding="utf-8").splitlines()[0].removeprefix("# ")


def test_numbers_are_consecutive() -> None:
    """A number is never given twice, and none is left out."""
    assert [int(each.name[:4]) for each in RECORDS] == list(range(1, len(RECORDS) + 1))


@pytest.mark.parametrize("record", RECORDS, ids=lambda each: each.name[:4])
def test_a_record_has_its_form(record: Path) -> None:
    """Number and title, status with a date, then the parts in their order."""
    text = record.read_text(encoding="utf-8")
    first, empty, status = text.splitlines()[:3]
    assert re.fullmatch(rf"# {record.name[:4]} \S.*", first)
    assert not empty
    assert re.fullmatch(
        r"Status: (accepted|rejected|replaced by \[\d{4}\]\(.+\)), \d{4}-\d\d-\d\d", status
    )
    found = re.findall(r"^\*\*(\w[\w -]*)\.\*\*", text, re.MULTILINE)
    assert [name for name in found if name in PARTS] == PARTS


def test_the_index_has_every_record_by_its_title() -> None:
    """In the order of the numbers, and no other."""
    index = (FOLDER / "README.md").read_text(encoding="utf-8")
    listed = re.findall(r"^- \[(\d{4})\]\((.+?)\) (.+)$", index, re.MULTILINE)
    assert listed == [
        (each.name[:4], each.name, title_of(each).split(" ", 1)[1]) for each in RECORDS
    ]
