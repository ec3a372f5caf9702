"""People who use a tool that is not talked to."""

from job.annotation.files import Files
from job.annotation.tools import find_tool
from tests.unit.export.batches import batch


def test_it_asks_nobody_and_knows_nothing() -> None:
    """What was answered is in the book, and what is exported is the user's choice."""
    tool = Files("--round 2")
    tool.push(batch(), lambda _: iter(()))  # type: ignore[arg-type,return-value]
    tool.withdraw(["a"])
    assert tool.tasks() == []


def test_its_link_is_two_commands() -> None:
    """With the round that people work on."""
    link = Files("--experiment mine --seed 3 --round 2").link
    assert link == (
        "`al-job export picks --experiment mine --seed 3 --round 2 --format TOOL --out DIR` writes "
        "their work, and `al-job import labels --experiment mine --seed 3 --round 2 FILE` takes it "
        "back"
    )
    assert find_tool("files") is Files
