"""An experiment of several rounds and arms with people who refuse images and leave some open."""

import csv
import io
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from job import experiment
from job.annotation.answers import DrawnBox
from job.annotation.book import Book
from job.artifacts.outcome import Fate
from job.artifacts.reader import Reader
from job.artifacts.round_reader import RoundReader
from job.config import loading
from job.errors import AnnotatingError
from job.keys import RoundRef
from job.plan import Plan
from job.report.build import write_report
from job.stages import run_stage
from job.storage.local import LocalStore
from tests.growing import GROWING, begin
from tests.unit.annotation.memory_tool import MemoryTool
from tests.unit.report.sketch import sketch

PEOPLE = """
annotation:
  annotator: label_studio
  label_studio: {url: http://x}
  enough: {share: 0.5}
"""
DISC = DrawnBox("disc", (10, 10, 30, 30))
SECONDS = 10


def somebody_answers(tool: MemoryTool) -> None:
    """Of what is open the first is refused, the second labelled, the third left open, and so on."""
    for place, image_id in enumerate(tool.open_ids):
        if place % 3 < 2:
            tool.say(image_id, DISC, is_refused=place % 3 == 0, seconds=SECONDS)


def run_to_the_end(store: LocalStore, plan: Plan, tool: MemoryTool) -> None:
    """Run every stage; people answer whenever one waits."""
    for stage in plan.stages():
        while not store.exists(stage.done):
            try:
                run_stage(store, plan, stage)
            except AnnotatingError:
                somebody_answers(tool)


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> tuple[LocalStore, Plan, MemoryTool]:
    """The store, plan and tool of a finished experiment with two arms."""
    store, tool = LocalStore(tmp_path_factory.mktemp("people")), MemoryTool()
    begin(store, num_test=2)
    text = GROWING.replace("initial: 2, per_round: 2", "initial: 3, per_round: 3")
    text = text.replace("test: {from: none}\n", "")
    text = text.replace("arms: {", "arms: {random: {strategy: random}, ")
    plan = experiment.init(store, Plan(loading.parse(f"{text}{PEOPLE}", "people")))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("job.annotation.asking.open_tool", lambda _: tool)
        run_to_the_end(store, plan, tool)
    return store, plan, tool


Ended = tuple[LocalStore, Plan, MemoryTool]


def rounds_of(plan: Plan, arm: str) -> list[RoundRef]:
    """The rounds of an arm, from round 0 on."""
    return [RoundRef(plan.config.experiment, 0, arm, index) for index in range(3)]


def became(store: LocalStore, ref: RoundRef, fate: Fate) -> set[str]:
    """The picks of a round that this became of."""
    outcome = Reader(store).outcome(ref)
    assert outcome
    return set(outcome.ids(fate))


ARMS = pytest.mark.parametrize("arm", ["entropy", "random"])


def test_every_fate_is_there(ended: Ended) -> None:
    """Else the other tests would show nothing."""
    store, plan, _ = ended
    refs = [ref for arm in ("entropy", "random") for ref in rounds_of(plan, arm)]
    for fate in ("labelled", "refused", "open"):
        assert any(became(store, ref, fate) for ref in refs), fate


@ARMS
def test_refused_images_never_come_back_and_open_ones_do(ended: Ended, arm: str) -> None:
    """Round by round: what may be picked is neither labelled nor refused."""
    store, plan, _ = ended
    over: set[str] = set()
    for ref in rounds_of(plan, arm):
        reader = RoundReader(store, plan, ref)
        assert reader.pool_before.unlabelled == [
            each for each in reader.dataset.ids("pool") if each not in over | given(reader)
        ]
        assert over.isdisjoint(reader.picked_ids(ref))
        assert set(reader.labelled_ids(ref)) == became(store, ref, "labelled")
        assert became(store, ref, "open") < set(reader.pool_after.unlabelled)
        over |= became(store, ref, "labelled") | became(store, ref, "refused")


def given(reader: RoundReader) -> set[str]:
    """The images whose labels came along."""
    return set(reader.dataset.given_ids())


@ARMS
def test_what_is_scored_is_what_may_be_picked(ended: Ended, arm: str) -> None:
    """And the labelled images are those that are trained on: no refused one, no open one."""
    store, plan, _ = ended
    for ref in rounds_of(plan, arm)[:2]:
        reader = RoundReader(store, plan, ref)
        if not plan.is_scored(ref):
            continue
        scored = [i for path in reader.score_parts(ref) for i in ids_in(path)]
        assert scored == reader.pool_after.unlabelled
        known = {i for path in reader.labelled_parts(ref) for i in ids_in(path)}
        assert known == reader.pool_after.labelled
        assert known == {image.id for image in reader.labelled_so_far()}


def ids_in(path: Path) -> list[str]:
    """The images of a part of a score record."""
    found: list[str] = pq.read_table(path, columns=["id"])["id"].to_pylist()
    return found


@ARMS
def test_each_arm_pays_for_its_own_picks(ended: Ended, arm: str) -> None:
    """Ten seconds for each that was labelled or refused, though an image is asked for once."""
    store, plan, _ = ended
    total = 0
    for ref in rounds_of(plan, arm):
        labelled, refused = (became(store, ref, fate) for fate in ("labelled", "refused"))
        cost = Reader(store).cost(ref)
        assert cost.own.images == len(labelled)
        assert cost.own.seconds == SECONDS * len(labelled | refused)
        total += len(labelled)
        assert cost.cumulative.images == total


def test_no_answer_is_asked_for_twice(ended: Ended) -> None:
    """Arms share the book: each image was answered once, whoever picked it."""
    store, plan, tool = ended
    assert set(tool.num_shown.values()) == {1}
    answered = {
        each
        for arm in ("entropy", "random")
        for ref in rounds_of(plan, arm)
        for each in became(store, ref, "labelled") | became(store, ref, "refused")
    }
    assert answered == set(tool.num_shown) == set(Book(store, plan.config.experiment).answers())


def test_everything_is_done_with_these_settings(ended: Ended) -> None:
    """Nothing would run again."""
    store, plan, _ = ended
    markers = Reader(store).markers
    assert [str(stage) for stage in plan.stages() if not markers.is_done(stage, plan.config)] == []


def test_the_report_counts_what_is_labelled(ended: Ended) -> None:
    """Also those whose labels came along; and the page is there."""
    store, plan, _ = ended
    write_report(store, plan, draw=sketch)
    rows = csv.DictReader(io.StringIO(store.read("experiments/growing/results.csv").decode()))
    counts = {(row["arm"], int(row["round"])): int(row["total_samples"]) for row in rows}
    for arm in ("entropy", "random"):
        refs = rounds_of(plan, arm)
        labelled = [len(became(store, ref, "labelled")) for ref in refs]
        expected = [4 + sum(labelled[: index + 1]) for index in range(3)]
        assert [counts[arm, index] for index in range(3)] == expected
    assert store.exists("experiments/growing/report/index.html")
