"""The stage `annotate`: shards, costs, and picks that are refused."""

import hashlib
import json
import re
import tarfile

import pytest
from structlog.testing import capture_logs

from job import experiment
from job.annotators.oracle import Oracle
from job.artifacts.markers import Markers, dump_marker
from job.artifacts.reader import Reader
from job.artifacts.round_reader import RoundReader
from job.config.annotation import AnnotationConfig
from job.config.schema import Config
from job.data.dataset import Dataset
from job.data.ingest.labels import ingest_labels
from job.errors import BadDataError, MissingLabelsError
from job.keys import RoundRef, StageRef
from job.plan import Plan
from job.stages import run_stage
from job.stages.annotate import cost_of
from job.storage import Store
from job.storage.local import LocalStore
from job.storage.memory import MemoryStore
from tests.growing import PHOTOS, begin, correct, drawn, grow, label_picks
from tests.outputs import output_key, read_output
from tests.stores import filled
from tests.unit.stages.tiny import ROUND_0, ROUND_1, growing, picks_of


def test_annotate_sim_labels_exactly_the_picks(finished: LocalStore) -> None:
    """The shard holds each picked image's own bytes and its ground truth, and nothing else."""
    ref = ROUND_1.stage("annotate")
    dataset = Dataset.open(finished, "drawn")
    path = finished.local_path(output_key(finished, ref, "00000.tar"))
    assert path
    with tarfile.open(path) as tar:
        members = {member.name: tar.extractfile(member).read() for member in tar}  # type: ignore[union-attr]
    ids = [row["id"] for row in picks_of(finished, ROUND_1)]
    assert len(members) == 2 * len(ids)
    truth = Oracle(dataset).annotate(ids)
    for image_id in ids:
        assert members[f"{image_id}.json"] == truth[image_id].to_json()
        image = dataset.read_image("pool", image_id)
        assert members[f"{image_id}{image.suffix}"] == image.data


def test_costs_add_up(finished: LocalStore) -> None:
    """Costs are of unique images: 6, then 4 and 4 more; by default an image costs time too."""
    boxes = images = 0
    for index in range(3):
        ref = RoundRef("tiny", 0, "brust", index).stage("annotate")
        cost = json.loads(read_output(finished, ref, "cost.json"))
        boxes, images = boxes + cost["boxes"], images + cost["images"]
        total = cost["cumulative"]
        assert (total["images"], total["boxes"]) == (images, boxes)
        assert sum(total["class_counts"].values()) == boxes
        assert total["seconds"] == pytest.approx(63 * images + 5.9 * boxes)
        assert total["money"] == pytest.approx(0.882 * images + 0.0826 * boxes)
    assert images == 14


def test_cost_is_a_part_an_image_and_a_part_a_box(finished: LocalStore) -> None:
    """2 images: 2 x 3 s + 7.4 s a box; 2 x 0.5 + 0.1 a box."""
    settings = AnnotationConfig(
        seconds_per_image=3, seconds_per_box=7.4, price_per_image=0.5, price_per_box=0.1
    )
    dataset = Dataset.open(finished, "drawn")
    annotations = Oracle(dataset).annotate(dataset.ids("pool")[:2])
    num_boxes = sum(len(each.labels) for each in annotations.values())
    cost = cost_of(annotations.values(), dataset.classes, settings)
    assert (cost.images, cost.boxes) == (2, num_boxes)
    assert cost.seconds == pytest.approx(6 + 7.4 * num_boxes)
    assert cost.money == pytest.approx(1 + 0.1 * num_boxes)


def pick(store: Store, ref: StageRef, ids: list[str]) -> None:
    """Replace a round's picks, marker and all, as a broken strategy would have written them."""
    text = "id,rank,score,reason\n" + "".join(f"{each},0,0,x\n" for each in ids)
    marker = Markers(store).get(ref)
    assert marker
    store.write(marker.key_of(ref, "picks.csv"), text.encode())
    outputs = {"picks.csv": hashlib.sha256(text.encode()).hexdigest()}
    content = json.loads(dump_marker(marker)) | {"outputs": outputs}
    store.write(ref.done, json.dumps(content).encode())


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda first, own: [*own[1:], first[0]], "labelled already"),
        (lambda _, own: [*own, own[0]], "more than once"),
        (lambda _, own: [*own, "stranger"], "not in the pool"),
    ],
)
def test_annotate_sim_refuses_wrong_picks(
    finished: LocalStore, settings: Config, change: object, words: str
) -> None:
    """An image that is labelled already, picked twice or unknown is not labelled."""
    store = filled(MemoryStore(), finished)
    first = [row["id"] for row in picks_of(store, ROUND_0)]
    own = [row["id"] for row in picks_of(store, ROUND_1)]
    pick(store, ROUND_1.stage("select"), change(first, own))  # type: ignore[operator]
    with pytest.raises(BadDataError, match=words):
        run_stage(store, Plan(settings), ROUND_1.stage("annotate"))


def test_labels_that_came_along_cost_nothing(grown: MemoryStore) -> None:
    """Round 0 pays for its 2 picks; 4 images came along, and 2 more in round 2."""
    costs = [
        json.loads(read_output(grown, growing(index).stage("annotate"), "cost.json"))
        for index in (0, 1, 2)
    ]
    assert [cost["images"] for cost in costs] == [2, 2, 2]
    assert [cost["cumulative"]["images"] for cost in costs] == [2, 4, 6]
    assert [cost["given"]["images"] for cost in costs] == [4, 4, 6]
    boxes = costs[2]["cumulative"]["boxes"]
    assert costs[2]["cumulative"]["money"] == pytest.approx(0.882 * 6 + 0.0826 * boxes)
    assert {(cost["given"]["seconds"], cost["given"]["money"]) for cost in costs} == {(0, 0)}


def test_what_came_along_lies_beside_the_picks(grown: MemoryStore) -> None:
    """In a shard of its own, in the round from which on it is there, with its labels."""
    reader = Reader(grown)
    for index, ids in ((0, ["000000", "000001", "000002", "000003"]), (2, ["000022", "000023"])):
        picks, images = reader.picks(growing(index)), reader.labelled_images(growing(index))
        assert [image.id for image in images] == [*(pick.id for pick in picks), *ids]
        known = Dataset.open(grown, "photos", 1 if index == 0 else 4).known_labels(ids)
        found = {image.id: image.annotation.to_json() for image in images}
        assert {each: found[each] for each in ids} == {
            image_id: label.to_json() for image_id, label in known.items()
        }
    assert "given.tar" not in reader.marker(growing(1).stage("annotate")).outputs


def test_picks_that_nobody_has_labelled_wait() -> None:
    """One line says how many, how to get them, and how to add their labels; nothing has failed."""
    store = MemoryStore()
    plan = experiment.init(store, Plan(begin(store)))
    run_stage(store, plan, growing(0).stage("select"))
    stage = growing(0).stage("annotate")
    with pytest.raises(MissingLabelsError) as waits, capture_logs() as logs:
        run_stage(store, plan, stage)
    assert [event["event"] for event in logs] == ["stage.begin", "stage.waits"]
    assert waits.value.exit_code == 66
    assert re.fullmatch(
        r"seed 0 round 0 annotate waits for people: 2 images of data set 'photos' have no label "
        r"yet, such as '0000\d\d'; `al-job export picks --round 0 --seed 0 --experiment growing "
        r"--out DIR` writes the 2 picks, `al-job ingest labels FORMAT --dataset photos` adds their "
        r"labels, and then this command continues",
        str(waits.value),
    )
    assert list(store.list(stage.prefix)) == []


def test_labels_are_used_as_soon_as_they_are_there() -> None:
    """Those of the latest version, though the pool stays that of the round's version."""
    store = MemoryStore()
    plan = experiment.init(store, Plan(begin(store)))
    run_stage(store, plan, growing(0).stage("select"))
    grow(store)
    label_picks(store)
    stage = growing(0).stage("annotate")
    run_stage(store, plan, stage)
    reader = RoundReader(store, plan, growing(0))
    assert len(reader.pool_after.ids) == 16
    assert {key for key in reader.marker(stage).inputs if key.endswith("dataset.json")} == {
        "datasets/photos/dataset.json",
        "datasets/photos/versions/0003/dataset.json",
    }
    assert len(reader.labelled_images(growing(0))) == 6


def test_the_rounds_own_version_answers_first() -> None:
    """A later version is asked for what the round's version lacks, and for nothing else."""
    store = MemoryStore()
    config = begin(store)
    ingest_labels(store, drawn(PHOTOS), "photos")
    second = Dataset.open(store, "photos")
    correct(store, PHOTOS)
    own = config.dataset.model_copy(update={"sha256": second.digest})
    plan = experiment.init(store, Plan(config.model_copy(update={"dataset": own})))
    for stage in ("select", "annotate"):
        run_stage(store, plan, StageRef(growing(0), stage))
    picks = [row["id"] for row in picks_of(store, growing(0))]
    images = Reader(store).labelled_images(growing(0))
    assert {image.id: image.annotation.to_json() for image in images[:2]} == {
        image_id: label.to_json() for image_id, label in second.known_labels(picks).items()
    }
