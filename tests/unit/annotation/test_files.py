"""People who use a tool that is not talked to."""

from pathlib import Path

from job.annotation.files import Files
from job.annotation.tools import find_tool
from job.artifacts.round_reader import RoundReader
from job.config import loading
from job.keys import RoundRef
from job.plan import Plan
from job.storage.local import LocalStore
from tests.growing import GROWING, begin
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


def test_its_commands_name_the_store(tmp_path: Path) -> None:
    """They can be copied as they are."""
    store = LocalStore(tmp_path / "store")
    begin(store)
    plan = Plan(loading.parse(f"{GROWING}annotation: {{annotator: files}}", "growing"))
    io = RoundReader(store, plan, RoundRef("growing", 0, "entropy", 1))
    options = f"--round 1 --arm entropy --seed 0 --experiment growing --store {store.url}"
    assert f"`al-job import labels {options} FILE`" in Files.opened(io).link
