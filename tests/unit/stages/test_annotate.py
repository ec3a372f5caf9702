"""The stage `annotate`: shards, costs, and picks that are refused."""

import hashlib
import json
import tarfile

import pytest

from job.annotators.oracle import Oracle
from job.artifacts.markers import Markers, dump_marker
from job.config.schema import AnnotationConfig, Config
from job.data.dataset import Dataset
from job.errors import BadDataError
from job.keys import RoundRef, StageRef
from job.plan import Plan
from job.stages import run_stage
from job.stages.annotate import cost_of
from job.storage import Store
from job.storage.local import LocalStore
from job.storage.memory import MemoryStore
from tests.stores import filled
from tests.unit.stages.tiny import ROUND_0, ROUND_1, picks_of


def test_annotate_sim_labels_exactly_the_picks(finished: LocalStore) -> None:
    """The shard holds each picked image's own bytes and its ground truth, and nothing else."""
    ref = ROUND_1.stage("annotate")
    dataset = Dataset.open(finished, "drawn")
    path = finished.local_path(ref.key("00000.tar"))
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
    """Costs are of unique images: 6, then 4 and 4 more; 5 s and 0.07 a box by default."""
    boxes = images = 0
    for index in range(3):
        ref = RoundRef("tiny", 0, "brust", index).stage("annotate")
        cost = json.loads(finished.read(ref.key("cost.json")))
        boxes, images = boxes + cost["boxes"], images + cost["images"]
        total = cost["cumulative"]
        assert (total["images"], total["boxes"]) == (images, boxes)
        assert sum(total["class_counts"].values()) == boxes
        assert total["seconds"] == pytest.approx(5 * boxes)
        assert total["money"] == pytest.approx(0.07 * boxes)
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
    store.write(ref.key("picks.csv"), text.encode())
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
