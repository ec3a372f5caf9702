"""The stages on a tiny experiment: what they write, and the guards that fail them."""

import csv
import hashlib
import io
import json
import tarfile
from pathlib import Path
from typing import ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch

from job import experiment
from job.acquisition.registry import make_strategy
from job.acquisition.strategy import Selection, Strategy, Task
from job.annotators.oracle import Oracle
from job.artifacts.cost import Cost
from job.artifacts.experiment_file import load_experiment
from job.artifacts.markers import Markers, dump_marker
from job.artifacts.metrics import dump_metrics
from job.artifacts.reader import Reader
from job.artifacts.stage_io import StageIO
from job.config import loading
from job.config.schema import AnnotationConfig, ArmConfig, Config
from job.data.dataset import Dataset
from job.detection.detectors.weights import new_detector
from job.detection.inference import predict as inference
from job.detection.inference.predict import Engine, embed_images
from job.errors import BadDataError, ConfigError, UsageError
from job.keys import RoundRef, StageRef
from job.plan import Plan
from job.records.arrays import flat_values, matrix, offsets_of
from job.records.score_record import GROUND_TRUTH_COLUMNS
from job.report.analysis.results import TIMES, rows_of, to_csv
from job.selection import StoredRecord, task_of
from job.stages import run_stage
from job.stages.annotate import cost_of
from job.stages.score import parts_of
from job.storage import Store
from job.storage.local import LocalStore
from job.storage.memory import MemoryStore
from tests.conftest import FinishedState
from tests.stores import filled

ROUND_0 = RoundRef("tiny", 0, None, 0)
ROUND_1 = RoundRef("tiny", 0, "brust", 1)


@pytest.fixture(scope="module")
def settings(tiny: str) -> Config:
    return loading.parse(tiny, "tiny")


@pytest.fixture(scope="module")
def finished(tiny: str, finished_state: FinishedState) -> LocalStore:
    """A store with the whole experiment; tests only read it."""
    return LocalStore(finished_state(tiny))


@pytest.fixture
def begun(settings: Config) -> tuple[MemoryStore, Config]:
    """A store in which the experiment has begun, and its configuration."""
    store = MemoryStore()
    return store, experiment.init(store, Plan(settings)).config


def picks_of(store: Store, ref: RoundRef) -> list[dict[str, str]]:
    text = store.read(ref.stage("select").key("picks.csv")).decode()
    return list(csv.DictReader(io.StringIO(text)))


def test_queries_give_rank_score_and_reason(finished: LocalStore) -> None:
    """Each pick has its rank from 0, its score, and a reason in words."""
    rows = picks_of(finished, ROUND_1)
    assert [row["rank"] for row in rows] == ["0", "1", "2", "3"]
    scores = [float(row["score"]) for row in rows]
    assert scores == sorted(scores, reverse=True)
    assert all("margin" in row["reason"] or "no box that counts" in row["reason"] for row in rows)


def test_no_image_is_labelled_twice(finished: LocalStore) -> None:
    """Over all rounds of an arm, the picks are distinct: 6 + 4 + 4 images."""
    for arm in ("random", "brust"):
        refs = [RoundRef("tiny", 0, arm, index) for index in range(3)]
        ids = [row["id"] for ref in refs for row in picks_of(finished, ref)]
        assert len(ids) == len(set(ids)) == 14


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


def test_costs_of_two_rounds_are_their_sum() -> None:
    """Adding costs adds all of them, class by class."""
    total = Cost(1, 2, 3.0, 4.0, {"a": 2}) + Cost(10, 20, 30.0, 40.0, {"a": 1, "b": 19})
    assert total == Cost(11, 22, 33.0, 44.0, {"a": 3, "b": 19})


def record_of(store: LocalStore, ref: StageRef, kind: str) -> list[pa.Table]:
    """The parts of a score record, in the order of their names."""
    marker = Markers(store).get(ref)
    assert marker
    names = sorted(name for name in marker.outputs if name.startswith(kind))
    return [pq.read_table(store.local_path(ref.key(name))) for name in names]


def test_every_unlabelled_image_is_scored(finished: LocalStore) -> None:
    """After round 0, 24 - 6 images are left: parts of 5, 5, 5 and 3, all of them once."""
    ref = ROUND_0.stage("score")
    tables = record_of(finished, ref, "part")
    assert [len(table) for table in tables] == [5, 5, 5, 3]
    ids = [image_id for table in tables for image_id in table["id"].to_pylist()]
    labelled = {row["id"] for row in picks_of(finished, ROUND_0)}
    assert set(ids) == set(Dataset.open(finished, "drawn").ids("pool")) - labelled
    assert len(ids) == len(set(ids))


def test_every_labelled_image_is_scored_with_its_truth(finished: LocalStore) -> None:
    """After round 1, 6 + 4 images are labelled: two parts of 5, in the order of labelling."""
    tables = record_of(finished, ROUND_1.stage("score"), "labelled")
    assert [len(table) for table in tables] == [5, 5]
    ids = [image_id for table in tables for image_id in table["id"].to_pylist()]
    picks = [row["id"] for ref in (ROUND_0, ROUND_1) for row in picks_of(finished, ref)]
    assert ids == picks
    dataset = Dataset.open(finished, "drawn")
    true = Oracle(dataset).annotate(ids)
    found = [labels for table in tables for labels in table["truth_classes"].to_pylist()]
    assert [[dataset.classes[label] for label in labels] for labels in found] == [
        list(true[image_id].labels) for image_id in ids
    ]
    for table in tables:
        for row in table.to_pylist():
            assert len(row["truth_box"]) == len(row["truth_iou"]) == len(row["objectness"])
            assert all(-1 <= box < len(row["truth_classes"]) for box in row["truth_box"])


def test_what_a_strategy_is_given(finished: LocalStore, settings: Config) -> None:
    """The record of what is unlabelled, that of what is labelled, and nothing it does not read."""
    begun = load_experiment(finished, settings.experiment)
    io = StageIO(finished, Plan(begun), ROUND_1.at(2).stage("select"))
    task = task_of(io, ReadsBoth())
    seen = [image for part in task.unlabelled.record.parts({"objectness"}) for image in part.ids]
    assert sorted(seen) == sorted(task.unlabelled.ids)
    known = list(task.labelled.record.parts({*GROUND_TRUTH_COLUMNS, "objectness"}))
    ids = [image_id for part in known for image_id in part.ids.tolist()]
    assert sorted(ids) == sorted(task.labelled.ids)
    assert sum(len(part.ground_truth.classes) for part in known) == sum(task.class_counts.values())
    nothing = task_of(io, make_strategy(ArmConfig(strategy="random"))).unlabelled
    assert list(nothing.record.parts(["objectness"])) == []


def test_a_round_scored_by_an_older_version_is_named(
    finished: LocalStore, settings: Config
) -> None:
    """Without the record of the labelled images; the message says what to do."""
    store = filled(MemoryStore(), finished)
    ref = ROUND_1.stage("score")
    content = json.loads(store.read(ref.done))
    content["outputs"] = {k: v for k, v in content["outputs"].items() if k.startswith("part")}
    store.write(ref.done, json.dumps(content).encode())
    plan = Plan(load_experiment(store, settings.experiment))
    io = StageIO(store, plan, ROUND_1.at(2).stage("select"))
    with pytest.raises(BadDataError, match="no record of the labelled images"):
        task_of(io, ReadsBoth())


class ReadsBoth(Strategy):
    """Reads both records, and picks nothing."""

    reads: ClassVar[frozenset[str]] = frozenset({"objectness"})
    reads_labelled: ClassVar[frozenset[str]] = GROUND_TRUTH_COLUMNS | {"objectness"}

    def select(self, task: Task) -> Selection:
        del task
        return Selection(())


@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_shards_share_all_parts(count: int) -> None:
    """However many shards there are, each part belongs to one of them."""
    parts = [part for index in range(count) for part in parts_of(4, (index, count))]
    assert parts == [0, 1, 2, 3]


def without_scores(finished: LocalStore) -> MemoryStore:
    store = MemoryStore()
    for key in finished.list(""):
        if "/score/" not in key:
            store.write(key, finished.read(key))
    return store


def test_only_scoring_compiles_the_network(
    finished: LocalStore, settings: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where it is asked for; the images of an evaluation are too few."""
    compiled: list[str] = []
    monkeypatch.setattr(inference, "compile_network", lambda *_: compiled.append("a network"))
    store = MemoryStore()
    for key in finished.list(""):
        if "/score/" not in key and "/evaluate/" not in key:
            store.write(key, finished.read(key))
    begun = load_experiment(store, settings.experiment)
    runtime = begun.runtime.model_copy(update={"compile": True})
    plan = Plan(begun.model_copy(update={"runtime": runtime}))
    run_stage(store, plan, ROUND_0.stage("evaluate"))
    assert not compiled
    run_stage(store, plan, ROUND_0.stage("score"))
    assert compiled == ["a network"]


@pytest.mark.parametrize("count", [3, 5, 8])
def test_scoring_in_shards_gives_the_same_record(
    finished: LocalStore, settings: Config, count: int
) -> None:
    """The union of n shards is the record of one process, and done when the last shard is."""
    store = without_scores(finished)
    begun = load_experiment(store, settings.experiment)
    ref = ROUND_0.stage("score")
    for index in reversed(range(count)):
        assert not store.exists(ref.done)
        assert not Markers(store).is_done(ref, begun, (index, count))
        run_stage(store, Plan(begun), ref, (index, count))
        assert Markers(store).is_done(ref, begun, (index, count))
    marker, expected = Markers(store).get(ref), Markers(finished).get(ref)
    assert marker
    assert expected
    assert marker.outputs == expected.outputs
    assert marker.digest == expected.digest
    assert all(store.read(ref.key(name)) == finished.read(ref.key(name)) for name in marker.outputs)
    assert Markers(store).is_done(ref, begun)


def test_a_share_killed_before_the_shares_were_joined_is_joined_later(
    finished: LocalStore, settings: Config
) -> None:
    """All shares are done, but not the stage: the next attempt at any of them finds out."""
    store = without_scores(finished)
    begun = load_experiment(store, settings.experiment)
    ref = ROUND_0.stage("score")
    for index in range(2):
        experiment.run_once(store, Plan(begun), ref, (index, 2))
    joined = store.read(ref.done)
    store.delete(ref.done)
    shares = [store.read(ref.partition_done(index, 2)) for index in range(2)]
    experiment.run_once(store, Plan(begun), ref, (0, 2))
    assert json.loads(store.read(ref.done))["digest"] == json.loads(joined)["digest"]
    assert [store.read(ref.partition_done(index, 2)) for index in range(2)] == shares


def test_results_begin_with_the_tutorials_columns(finished: LocalStore, settings: Config) -> None:
    """One row per seed, arm and round, by the tutorial's names first."""
    text = to_csv(rows_of(Reader.listed(finished, "tiny"), Plan(settings))).decode()
    header = text.splitlines()[0]
    assert header.startswith(
        "strategy,args,step,mAP,train_time,active_time,total_time,total_samples,bboxes,"
    )
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [(row["arm"], row["step"]) for row in rows] == [
        (arm, str(index)) for arm in ("random", "brust") for index in range(3)
    ]
    assert [row["total_samples"] for row in rows[:3]] == ["6", "10", "14"]
    for row in rows:
        parts = float(row["train_time"]) + float(row["active_time"])
        assert float(row["total_time"]) == pytest.approx(parts, abs=0.002)
        assert set(TIMES) < row.keys()


def test_metrics_can_be_recomputed_from_the_detections(finished: LocalStore) -> None:
    """Whoever has `detections.parquet` and the test set gets the same metrics."""
    from job.detection.metrics.average_precision import evaluate  # noqa: PLC0415 - loads slowly
    from job.detection.metrics.detections import Detections  # noqa: PLC0415

    ref = ROUND_1.stage("evaluate")
    dataset = Dataset.open(finished, "drawn")
    table = pq.read_table(finished.local_path(ref.key("detections.parquet")))
    detections = Detections(
        ids=tuple(table["id"].to_pylist()),
        offsets=offsets_of(table["scores"]),
        boxes_xyxy=matrix(table["boxes_xyxy"]),
        labels=np.array([dataset.classes.index(name) for name in flat_values(table["labels"])]),
        scores=flat_values(table["scores"]),
    )
    truth = {image.id: image.annotation for image in dataset.test_images()}
    metrics = evaluate(truth, detections, dataset.classes)
    assert dump_metrics(metrics) == finished.read(ref.key("metrics.json"))


def test_a_stage_says_which_command_makes_its_input(begun: tuple[MemoryStore, Config]) -> None:
    """A stage whose inputs are not there fails with the command to run next."""
    store, settings = begun
    with pytest.raises(UsageError, match=r"`al-job select --round 0 --seed 0 --experiment tiny`"):
        run_stage(store, Plan(settings), ROUND_0.stage("annotate"))
    with pytest.raises(UsageError, match=r"`al-job select --round 0 --seed 0 --experiment tiny`"):
        run_stage(store, Plan(settings), ROUND_0.stage("evaluate"))


def test_cold_start_by_score_is_refused(settings: Config) -> None:
    """Round 0 has no scores: a strategy that needs them cannot begin, and nothing is written."""
    store = MemoryStore()
    cold = settings.model_copy(update={"cold_start": settings.arms["brust"]})
    with pytest.raises(ConfigError, match="cold_start: brust needs scores"):
        experiment.init(store, Plan(cold))
    assert list(store.list("")) == []


def test_a_cold_start_by_embeddings(settings: Config) -> None:
    """Round 0 selects by the backbone before any training: greedy k-centre from the medoid.

    Worked out here from embeddings made image by image; nothing is scored for it.
    """
    cold = settings.model_copy(update={"cold_start": ArmConfig(strategy="coreset")})
    store = MemoryStore()
    begun = experiment.init(store, Plan(cold))
    run_stage(store, begun, ROUND_0.stage("select"))
    detector = new_detector(cold.detector, Dataset.open(store, "drawn").classes, 0, Path)
    dataset = Dataset.open(store, "drawn")
    found = {
        image.id: embed_images(
            detector,
            [image],
            Engine(torch.device("cpu"), 1),
        )["embedding"].to_pylist()[0]
        for image in dataset.iter_images("pool")
    }
    ids = sorted(found)
    points = np.array([found[image_id] for image_id in ids], np.float64)
    distances = np.linalg.norm(points[:, None] - points, axis=-1)
    expected = [int(distances.sum(axis=1).argmin())]
    while len(expected) < 6:
        expected.append(int(distances[expected].min(axis=0).argmax()))
    rows = picks_of(store, ROUND_0)
    assert [row["id"] for row in rows] == [ids[row] for row in expected]
    assert rows[0]["reason"] == "the medoid of the pool"


def test_box_features_have_to_be_asked_for(settings: Config) -> None:
    """A strategy that reads them is refused before anything runs, with what to set."""
    arms = {"a": ArmConfig(strategy="ppal")}
    wrong = settings.model_copy(update={"arms": arms})
    with pytest.raises(ConfigError, match=r"arms\.a: .* set score\.box_features to true"):
        experiment.init(MemoryStore(), Plan(wrong))


def test_until_a_stage_is_done_the_configuration_may_change(
    begun: tuple[MemoryStore, Config], tiny: str
) -> None:
    """A wrong setting that nothing was made with does not cost the experiment its name."""
    store, _ = begun
    other = loading.parse(tiny.replace("steps: 4", "steps: 5"), "tiny")
    assert experiment.init(store, Plan(other)).config.train.steps == 5
    run_stage(store, Plan(load_experiment(store, "tiny")), ROUND_0.stage("select"))
    with pytest.raises(ConfigError, match=r"train\.steps: 5 -> 4"):
        experiment.init(store, Plan(loading.parse(tiny, "tiny")))


def test_every_setting_of_a_strategy_is_written_out(
    begun: tuple[MemoryStore, Config], tiny: str
) -> None:
    """`experiment.yaml` holds defaults too: writing one out in the file changes nothing."""
    store, settings = begun
    assert settings.arms["brust"].settings["aggregation"] == "sum"
    run_stage(store, Plan(settings), ROUND_0.stage("select"))
    spelt = tiny.replace("class_weights: true", "class_weights: 1, aggregation: sum")
    assert experiment.init(store, Plan(loading.parse(spelt, "tiny"))).config == settings


def test_a_drawn_data_set_of_other_settings_is_refused(
    begun: tuple[MemoryStore, Config], tiny: str
) -> None:
    """The name of a data set that is there does not stand for another."""
    store, _ = begun
    other = tiny.replace("num_pool: 24", "num_pool: 25").replace(
        "experiment: tiny", "experiment: b"
    )
    with pytest.raises(UsageError, match="num_pool: 24 -> 25"):
        experiment.init(store, Plan(loading.parse(other, "b")))


def test_an_error_of_an_arm_names_it(settings: Config) -> None:
    """Of several arms of one strategy, the message says which is wrong."""
    arms = {"a": ArmConfig(strategy="brust", agregation="sum")}
    wrong = settings.model_copy(update={"arms": arms})
    with pytest.raises(ConfigError, match=r"arms\.a: .*agregation"):
        experiment.init(MemoryStore(), Plan(wrong))


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


def test_a_column_that_was_not_scored_is_named(finished: LocalStore) -> None:
    """A strategy that reads box features says which setting makes them."""
    path = finished.local_path(ROUND_0.stage("score").key("part-00000.parquet"))
    assert path
    candidates = StoredRecord((path,))
    with pytest.raises(ConfigError, match=r"reads box_features, .* score\.box_features"):
        next(candidates.parts({"probabilities", "box_features"}))


def test_an_output_that_was_tampered_with_is_refused(
    finished: LocalStore, settings: Config
) -> None:
    """What a stage reads is held against the marker of the stage that wrote it."""
    store = filled(MemoryStore(), finished)
    key = ROUND_0.stage("train").key("model.safetensors")
    store.write(key, store.read(key)[:-4] + b"\0\0\0\1")
    with pytest.raises(BadDataError, match=r"model\.safetensors"):
        run_stage(store, Plan(settings), ROUND_0.stage("evaluate"))


def test_another_data_set_of_the_same_name_is_refused(
    begun: tuple[MemoryStore, Config], tiny: str
) -> None:
    """An experiment continues with the data it began with, by digest."""
    store, settings = begun
    manifest = "datasets/drawn/dataset.json"
    store.write(manifest, store.read(manifest) + b"\n")
    with pytest.raises(ConfigError, match=r"dataset\.sha256"):
        run_stage(store, Plan(settings), ROUND_0.stage("select"))
    run_stage(store, experiment.init(store, Plan(settings_of(tiny))), ROUND_0.stage("select"))
    store.write(manifest, store.read(manifest) + b"\n")
    with pytest.raises(ConfigError, match=r"dataset\.sha256"):
        experiment.init(store, Plan(settings_of(tiny)))


def settings_of(text: str) -> Config:
    return loading.parse(text, "tiny")


def test_a_pinned_data_set_is_held_to(begun: tuple[MemoryStore, Config], tiny: str) -> None:
    """A digest in the configuration is compared, not overwritten."""
    store, _ = begun
    pinned = settings_of(tiny.replace("name: drawn", "name: drawn\n  sha256: deadbeef"))
    with pytest.raises(ConfigError, match=r"dataset\.sha256: .*deadbeef"):
        experiment.init(store, Plan(pinned))


@pytest.mark.parametrize("name", ["ids", "contents"])
def test_a_test_image_in_the_pool_fails_the_evaluation(
    finished: LocalStore, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Pool and test must not share images, neither by id nor by content."""
    from job.stages.evaluate import refuse_leak  # noqa: PLC0415 - loads torch

    dataset = Dataset.open(finished, "drawn")
    refuse_leak(dataset)
    column = "id" if name == "ids" else "sha256"
    other = "sha256" if name == "ids" else "id"
    leaked = dataset.index("pool").select([column])
    leaked = leaked.append_column(other, [[f"other-{n}" for n in range(len(leaked))]])
    real = dataset.index
    monkeypatch.setattr(
        Dataset, "index", lambda _, split: leaked if split == "test" else real("pool")
    )
    with pytest.raises(BadDataError, match="pool and test share 24 images"):
        refuse_leak(dataset)


def test_weights_that_are_not_there_are_named(
    finished: LocalStore, settings: Config, tmp_path: Path
) -> None:
    """A backbone from a file or the store that is missing never means from scratch."""
    store = filled(MemoryStore(), finished)
    for backbone in (f"file:{tmp_path / 'no.pt'}", "store:weights/no.safetensors"):
        detector = settings.detector.model_copy(update={"backbone": backbone})
        wrong = settings.model_copy(update={"detector": detector})
        with pytest.raises(ConfigError, match=r"detector\.backbone: .*no\."):
            run_stage(store, Plan(wrong), ROUND_0.stage("train"))
