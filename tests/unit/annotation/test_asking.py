"""A pass over a round that people label."""

import json
from dataclasses import replace
from functools import cache
from hashlib import sha256
from itertools import count

import pytest
from structlog.testing import capture_logs

from job import experiment
from job.annotation.answers import DrawnBox
from job.annotation.book import Book
from job.artifacts.annotating import Annotating, Attention, load_annotating
from job.artifacts.outcome import Edits, RoundOutcome
from job.artifacts.reader import Reader
from job.artifacts.round_reader import RoundReader
from job.config import loading
from job.data.ingest.ingest import ingest
from job.data.ingest.labels import ingest_labels
from job.errors import AnnotatingError, BadDataError
from job.keys import RoundRef, StageRef
from job.plan import Plan
from job.stages import run_stage
from job.storage.memory import MemoryStore
from tests.growing import GROWING, PHOTOS, begin, drawn
from tests.outputs import output_key, read_output
from tests.stores import filled
from tests.unit.annotation.answering import answer
from tests.unit.annotation.memory_tool import Fuse, FusedStore, Killed, MemoryTool

ROUND = RoundRef("growing", 0, None, 0)
STAGE = ROUND.stage("annotate")
OTHER = RoundRef("growing", 1, None, 0).stage("annotate")
DISC = DrawnBox("disc", (10, 10, 30, 30))
COW = DrawnBox("cow", (0, 0, 9, 9))


@cache
def plan_of(settings: str = "") -> Plan:
    """The plan with settings of annotation: four picks of twelve images, two seeds."""
    people = f"{{annotator: label_studio, label_studio: {{url: 'http://x'}}, {settings}}}"
    text = GROWING.replace("initial: 2", "initial: 4")
    text += f"seeds: [0, 1]\nannotation: {people}"
    return Plan(loading.parse(text, "growing"))


@pytest.fixture(scope="module")
def selected() -> MemoryStore:
    """A store in which round 0 of both seeds has picked; tests copy it."""
    store = MemoryStore()
    begin(store)
    plan = experiment.init(store, plan_of())
    for stage in (STAGE, OTHER):
        run_stage(store, plan, stage.round.stage("select"))
    return store


@pytest.fixture
def store(selected: MemoryStore) -> MemoryStore:
    """A copy of the store."""
    return filled(MemoryStore(), selected)


@pytest.fixture
def tool(monkeypatch: pytest.MonkeyPatch) -> MemoryTool:
    """The tool that passes open."""
    made = MemoryTool()
    monkeypatch.setattr("job.annotation.asking.open_tool", lambda _: made)
    return made


def picks_of(store: MemoryStore, stage: StageRef = STAGE) -> list[str]:
    """The picks of a round, in the order of rank."""
    return [pick.id for pick in Reader(store).picks(stage.round)]


def unpicked(store: MemoryStore) -> list[str]:
    """The images without a label that round 0 of the first seed has not picked."""
    ids, picked = (f"{number:06d}" for number in PHOTOS), picks_of(store)
    return [each for each in ids if each not in picked]


def waits(store: MemoryStore, settings: str = "", stage: StageRef = STAGE) -> str:
    """Make a pass that finds too little; return its line."""
    with pytest.raises(AnnotatingError) as waiting:
        run_stage(store, plan_of(settings), stage)
    assert waiting.value.exit_code == 75
    assert not store.exists(stage.done)
    return str(waiting.value)


def ends(store: MemoryStore, settings: str = "", stage: StageRef = STAGE) -> RoundOutcome:
    """Make a pass that ends the round."""
    run_stage(store, plan_of(settings), stage)
    outcome = Reader(store).outcome(stage.round)
    assert outcome
    return outcome


def state_of(store: MemoryStore) -> Annotating:
    """What the last pass wrote."""
    return load_annotating(store.read(STAGE.key("annotating.json")), "here")


def fates(outcome: RoundOutcome) -> list[str]:
    """What became of the picks, in the order of rank."""
    return [image.fate for image in outcome.images]


def test_the_first_pass_asks_in_the_order_of_rank(store: MemoryStore, tool: MemoryTool) -> None:
    """It ends with one line, and writes how far people are; nothing has failed."""
    assert waits(store) == "seed 0 round 0 annotate: 4 of 4 to go: memory://work"
    assert tool.open_ids == picks_of(store)
    (batch,) = tool.batches
    assert (batch.num_picks, batch.classes[0], batch.model) == (4, "disc", None)
    assert [image.rank for image in batch.images] == [0, 1, 2, 3]
    state = state_of(store)
    assert (state.tool, state.total, state.answered, state.attention) == ("Memory", 4, 0, ())
    assert state.begun <= state.updated


def test_what_is_asked_is_written_before_it_is(store: MemoryStore, tool: MemoryTool) -> None:
    """Even if the first request is never answered; later passes read it again."""
    tool.fuse = Fuse(1)
    with pytest.raises(Killed):
        run_stage(store, plan_of(), STAGE)
    written = store.read(STAGE.key("batch.json"))
    content = json.loads(written)
    assert content["format"] == 1
    assert [image["id"] for image in content["images"]] == picks_of(store)
    assert content["images"][0]["key"] == f"growing/seed-0/round-000/{picks_of(store)[0]}"
    waits(store)
    assert store.read(STAGE.key("batch.json")) == written


def test_a_round_ends_when_all_is_answered(store: MemoryStore, tool: MemoryTool) -> None:
    """The shard has what people drew, also nothing; the marker has what they were asked."""
    waits(store)
    first, *others = picks_of(store)
    tool.say(first, DISC, DISC)
    for each in others:
        tool.say(each)
    outcome = ends(store)
    assert fates(outcome) == ["labelled"] * 4
    images = Reader(store).labelled_images(ROUND)
    labels = {image.id: image.annotation.labels for image in images}
    assert [labels[each] for each in [first, *others]] == [("disc", "disc"), (), (), ()]
    marker = Reader(store).marker(STAGE)
    assert {"batch.json", "outcome.json", "cost.json", "00000.tar"} < marker.outputs.keys()
    assert not store.exists(STAGE.key("annotating.json"))
    assert not any("answers/" in key for key in marker.inputs), "the book may grow"


def test_a_wrong_answer_keeps_its_image_open(store: MemoryStore, tool: MemoryTool) -> None:
    """It is named with its reason and its link, and the others are taken."""
    waits(store)
    wrong, *others = picks_of(store)
    tool.say(wrong, COW)
    for each in others:
        tool.say(each, DISC)
    line = waits(store)
    assert line.endswith("annotate: 1 of 4 to go; 1 needs attention: memory://work")
    reason = "'cow' is not a class"
    assert state_of(store).attention == (Attention(wrong, reason, f"memory://work/{wrong}"),)
    tool.say(wrong, DISC)
    assert fates(ends(store)) == ["labelled"] * 4


def test_a_skipped_image_is_refused(store: MemoryStore, tool: MemoryTool) -> None:
    """It is not in the shard, and its seconds count; classes and boxes are of the others."""
    waits(store)
    first, *others = picks_of(store)
    tool.say(first, is_refused=True, seconds=30)
    for each in others:
        tool.say(each, DISC, DISC, seconds=10)
    outcome = ends(store)
    assert fates(outcome) == ["refused", *["labelled"] * 3]
    assert first not in {image.id for image in Reader(store).labelled_images(ROUND)[:3]}
    cost = Reader(store).cost(ROUND)
    assert (cost.own.images, cost.own.boxes, cost.own.seconds) == (3, 6, 60)
    assert cost.own.class_counts["disc"] == 6
    # An image is 0.882 and a box 0.0826, whoever labels them: 4 images were looked at.
    assert cost.own.money == pytest.approx(4 * 0.882 + 6 * 0.0826)
    assert cost.measured
    assert cost.measured.refused == 1


def test_seconds_are_measured_where_they_can_be(store: MemoryStore, tool: MemoryTool) -> None:
    """At most so many count of an image; the others are assumed: 63 an image and 5.9 a box."""
    waits(store)
    ids = picks_of(store)
    tool.say(ids[0], DISC, seconds=5000)
    tool.say(ids[1], DISC, seconds=50)
    tool.say(ids[2], DISC)
    tool.say(ids[3], is_refused=True)
    outcome = ends(store, "max_seconds_per_image: 100")
    counted = [image.annotators[0].counted_seconds for image in outcome.images]
    assert counted == pytest.approx([100, 50, 68.9, 63])
    cost = Reader(store).cost(ROUND)
    assert cost.own.seconds == pytest.approx(100 + 50 + 68.9 + 63)
    measured = cost.measured
    assert measured
    assert (measured.answers, measured.seconds_raw, measured.seconds_counted) == (2, 5050, 150)
    assert measured.assumed_answers == 2
    assert measured.assumed_seconds == pytest.approx(131.9)


def test_a_share_is_enough_after_its_time(store: MemoryStore, tool: MemoryTool) -> None:
    """What is open is withdrawn; before that time all are waited for."""
    waits(store)
    for each in picks_of(store)[:3]:
        tool.say(each, DISC)
    waits(store, "enough: {share: 0.75, after: 1h}")
    waits(store, "enough: {share: 0.76, after: 0h}")
    assert fates(ends(store, "enough: {share: 0.75, after: 0h}")) == [*["labelled"] * 3, "open"]
    assert tool.open_ids == []


def test_what_is_submitted_at_the_last_moment_counts(store: MemoryStore, tool: MemoryTool) -> None:
    """Somebody answers while the rest is withdrawn: the tool keeps the task, and we look again."""
    waits(store)
    *first, last = picks_of(store)
    for each in first:
        tool.say(each, DISC)
    withdraw = tool.withdraw

    def answered_meanwhile(image_ids: list[str]) -> None:
        tool.say(last, DISC)
        withdraw(image_ids)

    tool.withdraw = answered_meanwhile  # type: ignore[method-assign,assignment]
    assert fates(ends(store, "enough: {share: 0.5}")) == ["labelled"] * 4


def test_a_late_answer_is_kept(store: MemoryStore, tool: MemoryTool) -> None:
    """It changes nothing of the round that did not wait for it, and is used from then on."""
    waits(store)
    *first, last = picks_of(store)
    for each in first:
        tool.say(each, DISC)
    tool.begin(last)
    ends(store, "enough: {share: 0.5}")
    marker = store.read(STAGE.done)
    tool.say(last, DISC)
    repick(store, OTHER, unpicked(store)[:1])
    with capture_logs() as logs:
        waits(store, stage=OTHER)
    assert {"event": "annotate.late", "answers": 1}.items() <= logs[1].items()
    assert Book(store, "growing").answers()[last][0].answer.boxes == (DISC,)
    assert store.read(STAGE.done) == marker
    num_objects = len(list(store.list("experiments/growing/answers/")))
    waits(store, stage=OTHER)
    assert len(list(store.list("experiments/growing/answers/"))) == num_objects


def repick(store: MemoryStore, stage: StageRef, ids: list[str]) -> None:
    """Let a round pick these images, as if its selection had run again."""
    select = stage.round.stage("select")
    text = "id,rank,score,reason\n" + "".join(f"{each},{i},0,x\n" for i, each in enumerate(ids))
    marker = json.loads(store.read(select.done))
    store.write(output_key(store, select, "picks.csv"), text.encode())
    marker["outputs"]["picks.csv"] = sha256(text.encode()).hexdigest()
    store.write(select.done, json.dumps(marker).encode())


def test_arms_and_seeds_share_the_book(store: MemoryStore, tool: MemoryTool) -> None:
    """No image is asked twice; each pays for its own picks, and the outcome says who asked."""
    ids = picks_of(store)
    other = [*ids[2:], *unpicked(store)[:2]]
    repick(store, OTHER, other)
    waits(store)
    for each in ids:
        tool.say(each, DISC, seconds=10)
    ends(store)
    waits(store, stage=OTHER)
    assert tool.open_ids == other[2:]
    for each in other[2:]:
        tool.say(each, seconds=7)
    outcome = ends(store, stage=OTHER)
    assert [image.is_shared for image in outcome.images] == [True, True, False, False]
    assert Reader(store).cost(OTHER.round).own.seconds == 10 + 10 + 7 + 7
    assert set(tool.num_asked.values()) == {1}


def test_a_round_that_the_book_answers_needs_no_tool(
    store: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Imported answers are enough."""
    monkeypatch.setattr("job.annotation.asking.open_tool", lambda _: pytest.fail("opened"))
    answers = [answer(DISC, image=each) for each in picks_of(store)]
    name = Book(store, "growing").add(answers)
    outcome = ends(store)
    assert {image.annotators[0].answers for image in outcome.images} == {name}
    assert Reader(store).marker(STAGE).outputs["batch.json"]


def test_what_was_imported_meanwhile_is_withdrawn(store: MemoryStore, tool: MemoryTool) -> None:
    """Nobody labels again what is answered already."""
    waits(store)
    Book(store, "growing").add(answer(DISC, image=each) for each in picks_of(store))
    ends(store)
    assert tool.known == {}


def test_labels_of_the_data_set_are_not_asked_for(store: MemoryStore, tool: MemoryTool) -> None:
    """Somebody added the label of a pick: its time is assumed."""
    first, *others = picks_of(store)
    ingest_labels(store, drawn([int(first)]), "photos")
    waits(store)
    assert tool.open_ids == others
    for each in others:
        tool.say(each, DISC)
    outcome = ends(store)
    assert outcome.images[0].annotators[0].answers == ""
    num_boxes = outcome.images[0].annotators[0].boxes
    own = Reader(store).cost(ROUND).own
    assert (own.images, own.boxes) == (4, num_boxes + 3)
    assert own.seconds == pytest.approx(4 * 63 + 5.9 * own.boxes)


def test_a_label_that_is_ingested_meanwhile_ends_the_asking(
    store: MemoryStore, tool: MemoryTool
) -> None:
    """The image is not waited for any more, and its task goes when the round ends."""
    waits(store)
    first, *others = picks_of(store)
    ingest_labels(store, drawn([int(first)]), "photos")
    for each in others:
        tool.say(each, DISC)
    assert fates(ends(store)) == ["labelled"] * 4
    assert list(tool.known) == others


def test_another_selection_replaces_the_batch(store: MemoryStore, tool: MemoryTool) -> None:
    """Old picks are withdrawn, unless another round waits for them; the new ones are asked for."""
    waits(store)
    old = picks_of(store)
    repick(store, OTHER, old[:1])
    waits(store, stage=OTHER)
    new = unpicked(store)[:4]
    repick(store, STAGE, new)
    waits(store)
    assert tool.open_ids == [old[0], *new]
    content = json.loads(store.read(STAGE.key("batch.json")))
    assert [image["id"] for image in content["images"]] == new


def test_what_another_round_waits_for_is_not_withdrawn(
    store: MemoryStore, tool: MemoryTool
) -> None:
    """One round ends without an image that another one has asked for too."""
    waits(store)
    *first, last = picks_of(store)
    repick(store, OTHER, [last])
    waits(store, stage=OTHER)
    for each in first:
        tool.say(each, DISC)
    ends(store, "enough: {share: 0.5}")
    assert tool.open_ids == [last]
    tool.say(last, DISC)
    assert fates(ends(store, stage=OTHER)) == ["labelled"]


def test_several_annotators_are_waited_for(store: MemoryStore, tool: MemoryTool) -> None:
    """Each one's time counts, and the outcome says how well they agree."""
    settings = "per_image: 2, several: consensus"
    waits(store, settings)
    ids = picks_of(store)
    for each in ids:
        tool.say(each, DISC, seconds=10)
    assert " 4 of 4 to go" in waits(store, settings)
    for each in ids:
        tool.say(each, DISC, by="bob", seconds=20)
    outcome = ends(store, settings)
    assert (outcome.per_image, outcome.images[0].agreement) == (2, 1.0)
    assert [each.by for each in outcome.images[0].annotators] == ["ann", "bob"]
    own = Reader(store).cost(ROUND).own
    assert (own.images, own.boxes, own.seconds) == (4, 4, 120)
    assert own.money == pytest.approx(8 * 0.882 + 8 * 0.0826)


def test_a_round_without_a_label_is_not_trained_on(tool: MemoryTool) -> None:
    """If no label came along either; somebody may change their mind."""
    store = MemoryStore()
    ingest(store, drawn(PHOTOS, annotated=False), "photos")
    run_stage(store, experiment.init(store, plan_of()), ROUND.stage("select"))
    waits(store)
    for each in picks_of(store):
        tool.say(each, is_refused=True)
    with pytest.raises(BadDataError, match="none of the 4 picks could be labelled, and nothing"):
        run_stage(store, plan_of(), STAGE)
    tool.say(picks_of(store)[0], DISC)
    assert fates(ends(store)) == ["labelled", *["refused"] * 3]


def test_the_rate_is_that_of_the_last_hour(store: MemoryStore, tool: MemoryTool) -> None:
    """Two answers within the first minute are 120 an hour, and the other two take a minute."""
    waits(store)
    for each in picks_of(store)[:2]:
        tool.say(each, DISC)
        task = tool.known[each]
        now = answer(DISC, image=each)
        tool.known[each] = type(task)(task.image_id, task.key, task.link, (now,))
    tool.begin(picks_of(store)[2])
    waits(store)
    state = state_of(store)
    assert state.per_hour == pytest.approx(120)
    assert state.seconds_left == pytest.approx(60)
    assert state.at_work == 1


def test_answers_outlive_their_tasks(store: MemoryStore, tool: MemoryTool) -> None:
    """Somebody deletes the project by hand: nothing that was drawn is lost or asked for again."""
    waits(store)
    first, second, *others = picks_of(store)
    tool.say(first, DISC, raw={"id": 1})
    tool.say(second, COW)
    waits(store)
    tool.known.clear()
    waits(store)
    assert tool.open_ids == [second, *others]
    assert tool.num_asked[first] == 1
    for each in tool.open_ids:
        tool.say(each)
    assert fates(ends(store)) == ["labelled"] * 4
    shown = {image.id: image.annotation.labels for image in Reader(store).labelled_images(ROUND)}
    assert (shown[first], shown[second]) == (("disc",), ())
    book = [json.loads(store.read(key)) for key in store.list("experiments/growing/answers/")]
    raw = {each["image_id"]: each["raw"] for content in book for each in content["answers"]}
    assert raw[first] == {"id": 1}
    assert not store.exists(STAGE.key("heard.json"))


def test_an_answer_that_is_taken_back_does_not_count(store: MemoryStore, tool: MemoryTool) -> None:
    """Its task is there still, without it: the annotator deleted it, to draw it anew."""
    waits(store)
    first = picks_of(store)[0]
    tool.say(first, DISC)
    assert " 3 of 4 to go" in waits(store)
    tool.known[first] = replace(tool.known[first], answers=())
    assert " 4 of 4 to go" in waits(store)


def with_proposals(store: MemoryStore, stage: StageRef = STAGE) -> None:
    """Let people begin with a disc in each image of a round that has begun."""
    content = json.loads(store.read(stage.key("batch.json")))
    for image in content["images"]:
        image["proposals"] = [[[10, 10, 30, 30], "disc", 0.9]]
    store.write(stage.key("batch.json"), json.dumps(content).encode())


def test_proposals_of_another_round_are_not_counted(store: MemoryStore, tool: MemoryTool) -> None:
    """An image that both ask for is shown with the boxes of the first, which alone counts them."""
    ids = picks_of(store)
    repick(store, OTHER, ids)
    for stage in (STAGE, OTHER):
        waits(store, stage=stage)
        with_proposals(store, stage)
    for each in ids:
        tool.say(each, replace(DISC, proposal="proposal-0"), tells_proposals=True)
    for stage, num_kept in ((STAGE, 4), (OTHER, 0)):
        outcome = ends(store, stage=stage)
        measured = Reader(store).cost(stage.round).measured
        assert measured
        assert measured.edits.kept == num_kept
        assert {image.is_shared for image in outcome.images} == {not num_kept}


def test_what_was_imported_before_the_first_pass_is_not_shared(store: MemoryStore) -> None:
    """No other round has counted it: it was answered for this one."""
    Book(store, "growing").add(answer(DISC, image=each) for each in picks_of(store))
    assert not any(image.is_shared for image in ends(store).images)


def test_what_became_of_proposals_is_counted(store: MemoryStore, tool: MemoryTool) -> None:
    """Of four images with a proposal each: one kept, one moved, one removed; one does not tell."""
    waits(store)
    with_proposals(store)
    kept, moved, removed, silent = picks_of(store)
    begun = replace(DISC, proposal="proposal-0")
    tool.say(kept, begun, tells_proposals=True)
    tool.say(moved, replace(begun, label="star"), DISC, tells_proposals=True)
    tool.say(removed, tells_proposals=True)
    tool.say(silent, DISC)
    outcome = ends(store)
    assert [image.proposals for image in outcome.images] == [1, 1, 1, 1]
    assert outcome.images[3].annotators[0].edits is None
    measured = Reader(store).cost(ROUND).measured
    assert measured
    assert measured.edits == Edits(kept=1, moved=1, added=1, removed=1)


def test_the_test_set_is_asked_for_like_a_round(tool: MemoryTool) -> None:
    """Models are measured on what was labelled of it; no arm selects any of it."""
    store = MemoryStore()
    config = begin(store)
    text = GROWING.replace("from: none", "from: pool, size: 3")
    text += "annotation: {annotator: files}"
    plan = experiment.init(store, Plan(loading.parse(text, config.experiment)))
    test = RoundRef.of_test("growing", 0)
    run_stage(store, plan, test.stage("select"))
    with pytest.raises(AnnotatingError, match=r"^round test annotate: 3 of 3 to go: "):
        run_stage(store, plan, test.stage("annotate"))
    refused, *others = tool.open_ids
    tool.say(refused, is_refused=True)
    for each in others:
        tool.say(each, DISC)
    run_stage(store, plan, test.stage("annotate"))
    reader = RoundReader(store, plan, ROUND)
    assert [image.id for image in reader.test_images()] == others
    assert {refused, *others}.isdisjoint(reader.pool_before.ids)


def somebody_answers(tool: MemoryTool) -> None:
    """Three answer rightly and the fourth one wrongly."""
    for place, image_id in enumerate(tool.open_ids):
        tool.say(image_id, DISC if place < 3 else COW)


def live(store: FusedStore, tool: MemoryTool, fuse: Fuse) -> int:
    """Make passes until the round is done; people answer after the first that waits."""
    store.fuse = tool.fuse = fuse
    for number in count(1):
        try:
            run_stage(store, plan_of("enough: {share: 0.75}"), STAGE)
        except Killed:
            continue
        except AnnotatingError:
            somebody_answers(tool)
        else:
            return number
    raise AssertionError


@pytest.mark.slow
def test_a_pass_may_be_killed_at_any_moment(
    selected: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before and after each write and request: nothing is asked twice, and nothing is lost."""
    ends_of: dict[str, bytes] = {}
    for blows_at in count():
        store, tool, fuse = filled(FusedStore(), selected), MemoryTool(), Fuse(blows_at)
        monkeypatch.setattr("job.annotation.asking.open_tool", lambda _, tool=tool: tool)
        num_passes = live(store, tool, fuse)
        assert set(tool.num_asked.values()) == {1}, blows_at
        assert [len(said) for said in Book(store, "growing").answers().values()] == [1] * 4
        left = {name: read_output(store, STAGE, name) for name in ("00000.tar", "cost.json")}
        ends_of = ends_of or left
        assert left == ends_of, blows_at
        if fuse.num_moments < blows_at:
            break
    assert num_passes == 2, "without a kill"
    assert blows_at > 20
