"""A test set from the pool that people label: refused and open images are not in it."""

import pytest

from job import experiment
from job.annotation.answers import DrawnBox
from job.artifacts import names
from job.artifacts.reader import Reader
from job.artifacts.round_reader import RoundReader
from job.config import loading
from job.errors import AnnotatingError
from job.keys import RoundRef
from job.plan import Plan
from job.stages import run_stage
from job.standing import Progress
from job.storage.memory import MemoryStore
from tests.growing import GROWING, begin
from tests.unit.annotation.memory_tool import MemoryTool

PEOPLE = """
annotation:
  annotator: label_studio
  label_studio: {url: http://x}
  enough: {share: 0.5}
  proposals: 0.1
"""
TEST, ROUND_0 = RoundRef.of_test("growing", 0), RoundRef("growing", 0, None, 0)
DISC = DrawnBox("disc", (10, 10, 30, 30))


@pytest.fixture
def tool(monkeypatch: pytest.MonkeyPatch) -> MemoryTool:
    tool = MemoryTool()
    monkeypatch.setattr("job.annotation.asking.open_tool", lambda _: tool)
    return tool


@pytest.fixture
def asked(tool: MemoryTool) -> tuple[MemoryStore, Plan]:
    """An experiment without any test set, whose first three test images people are asked for."""
    store = MemoryStore()
    begin(store)
    text = GROWING.replace("{from: none}", "{from: pool, size: 3}") + PEOPLE
    plan = experiment.init(store, Plan(loading.parse(text, "growing")))
    run_stage(store, plan, TEST.stage("select"))
    with pytest.raises(AnnotatingError, match="round test annotate: 3 of 3 to go"):
        run_stage(store, plan, TEST.stage("annotate"))
    assert len(tool.open_ids) == 3
    return store, plan


def test_people_are_asked_for_test_images_without_proposals(
    asked: tuple[MemoryStore, Plan], tool: MemoryTool
) -> None:
    """Although rounds of arms have some: a test set must not be made by the model it measures."""
    store, _ = asked
    batch = store.read(TEST.stage("annotate").key(names.BATCH)).decode()
    assert '"proposals": []' in batch
    assert all(task.key.startswith("growing/test/round-000/") for task in tool.tasks())


def test_what_people_refuse_or_leave_open_is_not_in_the_test_set(
    asked: tuple[MemoryStore, Plan], tool: MemoryTool
) -> None:
    """Nor may an arm select it. What they drew is what is measured, and what it took is apart."""
    store, plan = asked
    refused, labelled, left_open = tool.open_ids
    tool.say(refused, is_refused=True, seconds=7)
    tool.say(labelled, DISC, seconds=20)
    run_stage(store, plan, TEST.stage("annotate"))
    reader = RoundReader(store, plan, ROUND_0)
    assert [image.id for image in reader.test_images()] == [labelled]
    assert reader.held_out == {refused, labelled, left_open}
    assert not reader.held_out & set(reader.pool_before.ids)
    assert Reader(store).cost(TEST).own.seconds == 27


def test_rounds_begin_while_people_label_the_test_set(
    asked: tuple[MemoryStore, Plan], tool: MemoryTool
) -> None:
    """Selecting needs no label of it; measuring does."""
    store, plan = asked
    run_stage(store, plan, ROUND_0.stage("select"))
    with pytest.raises(AnnotatingError):
        run_stage(store, plan, ROUND_0.stage("annotate"))
    assert len(tool.open_ids) == 3 + 2
    needs = plan.needs(ROUND_0.stage("evaluate"))
    assert TEST.stage("annotate") in needs


def test_the_status_says_how_far_people_are_with_the_test_set(
    asked: tuple[MemoryStore, Plan], tool: MemoryTool
) -> None:
    """In its own row, before those of the arms."""
    store, plan = asked
    first = Progress(store, plan).look().rounds[0]
    assert (first.seed, first.stages["annotate"].state) == (None, "annotating")
    assert first.stages["annotate"].reason.startswith("3 of 3 to go: ")
    assert tool.open_ids
