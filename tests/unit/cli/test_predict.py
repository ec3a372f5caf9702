"""`al-job export model` and `al-job predict`: a model leaves, and is used."""

import json
from importlib.metadata import version
from pathlib import Path

import pytest
import yaml

from job.artifacts.reader import Reader
from job.data.dataset import Dataset
from job.keys import RoundRef
from job.storage.local import LocalStore
from tests.conftest import AlJob, FinishedState


@pytest.fixture(scope="module")
def state(tiny: str, finished_state: FinishedState) -> Path:
    """A store with an experiment of two arms and three rounds, which label 6, 10 and 14 images."""
    return finished_state(tiny)


@pytest.fixture
def images(state: Path, tmp_path: Path) -> Path:
    """A folder with the first two images of the pool, and one that is broken."""
    folder = tmp_path / "images"
    folder.mkdir()
    dataset = Dataset.open(LocalStore(state), "drawn")
    for image in dataset.read_images("pool", dataset.ids("pool")[:2]):
        (folder / f"{image.id}{image.suffix}").write_bytes(image.data)
    return folder


def of_round(state: Path, *more: object) -> tuple[object, ...]:
    return ("--arm", "brust", "--store", state, *more)


def test_a_model_leaves_with_its_card_and_is_used_without_the_store(
    al_job: AlJob, state: Path, images: Path, tmp_path: Path
) -> None:
    """The last round's model as a file finds what the model in the store finds."""
    file = tmp_path / "model.safetensors"
    ended = al_job("export", "model", *of_round(state, "--format", "safetensors", "--out", file))
    assert ended.code == 0
    title = "tiny, seed 0, arm brust, round 2"
    assert ended.out.splitlines() == [
        f"{title}: 6 classes, 14 labelled images",
        f"model: {file}",
        f"card: {tmp_path / 'model.md'}",
    ]
    all_boxes = ("--min-confidence", 0, images)
    by_file = al_job("predict", *all_boxes, "--model", file, "--out", tmp_path / "by-file")
    assert by_file.code == 0
    by_store = al_job("predict", *all_boxes, *of_round(state, "--out", tmp_path / "by-store"))
    assert by_store.code == 0
    found = [
        json.loads((tmp_path / name / "predictions.json").read_text())
        for name in ("by-file", "by-store")
    ]
    assert len(found[0]["annotations"]) > 10
    assert found[0]["annotations"] == found[1]["annotations"]
    assert found[0]["info"] == {"description": "detections of model.safetensors"}
    assert found[1]["info"] == {"description": f"detections of {title}"}
    assert by_store.out.splitlines() == [
        f"{title}: {len(found[1]['annotations'])} boxes in 2 images",
        f"files: {tmp_path / 'by-store'}",
    ]
    assert len(list((tmp_path / "by-file/pictures").iterdir())) == 2


def test_the_card_says_what_the_model_is(al_job: AlJob, state: Path, tmp_path: Path) -> None:
    """Data, labels, metrics of each class, origin of weights and the command, without a place."""
    file = tmp_path / "model.safetensors"
    options = ("--round", 1, "--format", "safetensors", "--out", file)
    assert al_job("export", "model", *of_round(state, *options)).code == 0
    text = (tmp_path / "model.md").read_text()
    _, front, body = text.split("---\n", 2)
    head = yaml.safe_load(front)
    digest = Dataset.open(LocalStore(state), "drawn").digest
    metrics = Reader(LocalStore(state)).metrics(RoundRef("tiny", 0, "brust", 1))
    (result,) = head["model-index"][0]["results"]
    assert result["dataset"] == {
        "type": "drawn",
        "name": "drawn",
        "split": "test",
        "revision": digest,
    }
    assert metrics.map50_area is not None
    assert result["metrics"][0]["value"] == pytest.approx(metrics.map50_area, abs=5e-5)
    assert head["license"] == "unknown"
    for words in (
        "# tiny, seed 0, arm brust, round 1\n",
        "| Detector | model ssdlite_mobilenet_v2, size 64, width 0.25 |\n",
        f"| Data set | drawn, version 1, SHA-256 `{digest}` |\n",
        "| Labelled images | 10 of 24 |\n| Rounds | 2 |\n",
        "| Selected by | brust, after a round 0 by random |\n",
        f"| Made with | al-voc {version('al-voc')} |\n",
        "On the test set: 6 images with",
        "| detector | the model of the previous round |\n",
        "al-job export model --experiment tiny --seed 0 --arm brust --round 1 --format saf",
    ):
        assert words in body
    for name, each in metrics.classes.items():
        assert f"| {name} | {each.ap50_area or 0:.3f} |" in body or each.ap50_area is None
    assert str(tmp_path) not in text


def test_the_hub_of_hugging_face_reads_the_card(al_job: AlJob, state: Path, tmp_path: Path) -> None:
    """Its own library finds the results in the front matter."""
    hub = pytest.importorskip("huggingface_hub")
    options = ("--format", "safetensors", "--out", tmp_path / "model.safetensors")
    assert al_job("export", "model", *of_round(state, *options)).code == 0
    data = hub.ModelCard.load(tmp_path / "model.md").data
    assert data.pipeline_tag == "object-detection"
    assert {each.metric_name for each in data.eval_results} == {"mAP at IoU 0.5", "COCO mAP"}


def test_a_broken_image_ends_the_command_with_65_when_all_others_are_done(
    al_job: AlJob, state: Path, images: Path, tmp_path: Path
) -> None:
    """The last line counts, and the lines before it say why."""
    (images / "broken.jpg").write_bytes(b"hello")
    ended = al_job("predict", images, *of_round(state, "--out", tmp_path / "out"))
    assert ended.code == 65
    assert ended.error == (
        "al-job: 1 of 3 images could not be read, as the lines above say; all others are done"
    )
    assert len(json.loads((tmp_path / "out/predictions.json").read_text())["images"]) == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--model", "gone.onnx"), "--model gone.onnx: no such file; `al-job export model` writes"),
        (("--model", "gone.onnx", "--round", 1), "--round: --model names a file already"),
        (("--min-confidence", 2), "Invalid value for '--min-confidence'"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    arguments: tuple[object, ...], message: str, al_job: AlJob, images: Path, tmp_path: Path
) -> None:
    """One line says which option it is, and nothing is written."""
    ended = al_job("predict", images, *arguments, "--out", tmp_path / "out")
    assert ended.code == 64
    assert message in ended.error
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("there.onnx", "there.onnx is there already; remove it or name another"),
        ("card.onnx", "card.md is there already; remove it or name another"),
        ("new.md", "the card would have this name"),
        (".", "is not a file of this machine"),
    ],
)
def test_no_file_is_overwritten(
    name: str, message: str, al_job: AlJob, state: Path, tmp_path: Path
) -> None:
    """Neither by the model nor by its card."""
    (tmp_path / "there.onnx").write_text("mine")
    (tmp_path / "card.md").write_text("mine")
    options = ("--format", "onnx", "--out", tmp_path / name)
    ended = al_job("export", "model", *of_round(state, *options))
    assert ended.code == 64
    assert message in ended.error
    assert len(list(tmp_path.iterdir())) == 2
