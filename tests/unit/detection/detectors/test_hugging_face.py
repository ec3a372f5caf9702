"""Detectors of the library transformers: small random configurations of three families."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import pytest
import torch
import transformers

from job.detection.detectors import Detector, ImageBatch
from job.detection.detectors.base import build_detector, load_model, save_model
from job.detection.detectors.weights import new_detector
from job.testing import DetectorContract, EvaluateConfig, Found
from job.testing.drawn_images import CLASSES, DrawnImages
from job.testing.trying import train
from tests.unit.detection.detectors.hugging_face_models import (
    FAMILIES,
    network_of,
    rt_detr,
    settings,
    write,
)

torch.set_num_threads(1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small RT-DETR with weights, whose classes are `CLASSES`."""
    path = write(tmp_path_factory.mktemp("rt-detr"))
    config, _ = rt_detr()
    config.num_labels, config.id2label = len(CLASSES), dict(enumerate(CLASSES))
    transformers.AutoModelForObjectDetection.from_config(config).save_pretrained(path)
    (path / "README.md").write_text("---\nlicense: apache-2.0\n---\nA card.\n")
    return path


class OfTransformers(DetectorContract):
    """A family of the library, in a small configuration."""

    family: ClassVar[str]
    is_relative_to_image: ClassVar[bool] = False
    """Whether its boxes are relative to the image in a canvas, and not to the canvas."""
    losses_add_up: ClassVar[bool] = False
    training: ClassVar[Mapping[str, Any]] = {"learning_rate": 0.003}

    @pytest.fixture(autouse=True, scope="class")
    @classmethod
    def _folder(cls, tmp_path_factory: pytest.TempPathFactory) -> None:
        path = write(tmp_path_factory.mktemp(cls.family), cls.family)
        cls.settings = settings(path).model_dump()

    def reference(
        self, detector: Detector, batch: ImageBatch, config: EvaluateConfig
    ) -> Sequence[Found]:
        pixels = detector.normalised(batch.pixels_BCHW)
        mask = torch.zeros_like(pixels[:, 0])
        for of_image, (height, width) in zip(mask, batch.sizes_hw, strict=True):
            of_image[:height, :width] = 1
        told = {"pixel_mask": mask.long()} if self.is_relative_to_image else {}
        _, processor = FAMILIES[self.family]()
        canvas = [tuple(pixels.shape[2:])] * len(batch)
        found = processor.post_process_object_detection(
            network_of(detector)(pixel_values=pixels, **told),
            threshold=config.score_threshold,
            target_sizes=[*batch.sizes_hw] if self.is_relative_to_image else canvas,
        )
        return [
            Found(boxes=each["boxes"], labels=each["labels"] + 1, scores=each["scores"])
            for each in found
        ]


class TestRtDetr(OfTransformers):
    """Sigmoids, a square, auxiliary and denoising losses."""

    family: ClassVar[str] = "rt_detr"


@pytest.mark.detectors
class TestYolos(OfTransformers):
    """Softmax with an output for no object, aspect kept, no mask."""

    family: ClassVar[str] = "yolos"
    training: ClassVar[Mapping[str, Any]] = {"learning_rate": 0.01}
    steps: ClassVar[int] = 40


@pytest.mark.detectors
class TestConditionalDetr(OfTransformers):
    """Sigmoids, aspect kept, a mask of the image's pixels."""

    family: ClassVar[str] = "conditional_detr"
    is_relative_to_image: ClassVar[bool] = True
    losses_add_up: ClassVar[bool] = True


OTHERS = [pytest.param(each, marks=pytest.mark.detectors) for each in FAMILIES if each != "rt_detr"]


@pytest.mark.parametrize("family", ["rt_detr", *OTHERS])
def test_losses_are_those_of_the_library(family: str, tmp_path: Path) -> None:
    """For two images that its own processor prepares, with its own grouping into one sum."""
    detector = build_detector(settings(write(tmp_path, family)), CLASSES, seed=0)
    images = torch.randint(0, 256, (2, 3, 64, 64), dtype=torch.uint8)
    boxes = [[[8.0, 8.0, 40.0, 32.0], [16.0, 4.0, 60.0, 60.0]], [[0.0, 10.0, 30.0, 60.0]]]
    labels = [[0, 2], [1]]
    _, processor = FAMILIES[family]()
    given = processor(list(images), annotations=coco(boxes, labels), return_tensors="pt")
    torch.manual_seed(0)
    expected = network_of(detector)(**without_mask(given, family))
    torch.manual_seed(0)
    found = detector.losses(
        ImageBatch(images, ((64, 64),) * 2),
        [
            {"boxes": torch.tensor(each), "labels": torch.tensor(of) + 1}
            for each, of in zip(boxes, labels, strict=True)
        ],
    )
    assert found.total.item() == pytest.approx(expected.loss.item(), rel=1e-5)
    of_classes = [v for k, v in expected.loss_dict.items() if k.startswith(("loss_ce", "loss_vfl"))]
    assert found.classification.item() == pytest.approx(sum(of_classes).item(), rel=1e-5)
    assert found.weight == 3


def coco(boxes: Sequence[Any], labels: Sequence[Any]) -> list[dict[str, Any]]:
    """Annotations in COCO's form: left, top, width and height."""
    return [
        {
            "image_id": number,
            "annotations": [
                {
                    "bbox": [x0, y0, x1 - x0, y1 - y0],
                    "category_id": label,
                    "area": (x1 - x0) * (y1 - y0),
                    "iscrowd": 0,
                }
                for (x0, y0, x1, y1), label in zip(of_image, classes, strict=True)
            ],
        }
        for number, (of_image, classes) in enumerate(zip(boxes, labels, strict=True))
    ]


def without_mask(given: Mapping[str, Any], family: str) -> dict[str, Any]:
    """The arguments that the family's network takes."""
    return {k: v for k, v in given.items() if k != "pixel_mask" or family != "yolos"}


def test_pretrained_weights_are_the_librarys(folder: Path) -> None:
    """All of them if the classes are equal; a model of them needs neither folder nor network."""
    detector = new_detector(settings(folder, backbone="hub"), CLASSES, 0, Path)
    theirs = transformers.AutoModelForObjectDetection.from_pretrained(folder).state_dict()
    ours = network_of(detector).state_dict()
    assert all(torch.equal(value, ours[name]) for name, value in theirs.items())
    assert set(detector.origins.values()) == {f"{folder} (licence: apache-2.0)"}
    assert detector.description["made_of"]["licence"] == "apache-2.0"
    data = save_model(detector)
    (folder / "config.json").rename(folder / "hidden.json")
    try:
        assert save_model(load_model(data, settings(folder, backbone="hub"))) == data
    finally:
        (folder / "hidden.json").rename(folder / "config.json")


def test_outputs_for_other_classes_are_drawn_from_the_seed(folder: Path) -> None:
    """The rest is pretrained, and the model's file says so."""
    config = settings(folder, backbone="hub")
    detector = new_detector(config, ("other", "names", "three"), 0, Path)
    assert detector.origins["head"] == "drawn from the seed"
    assert load_model(save_model(detector), config).pretrained == {"backbone", "neck"}
    theirs = transformers.AutoModelForObjectDetection.from_pretrained(folder).state_dict()
    same = {k: torch.equal(v, theirs[k]) for k, v in network_of(detector).state_dict().items()}
    assert same["model.enc_output.0.weight"]
    assert not same["model.decoder.class_embed.0.weight"]
    assert not same["model.denoising_class_embed.weight"]


def test_another_size_than_the_processors_is_told(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In a warning, where the weights are pretrained."""
    new_detector(settings(folder, size=96, backbone="hub"), CLASSES, 0, Path)
    assert "set detector.size: 64, as it was trained" in "".join(capsys.readouterr())


def test_a_training_begins_without_a_box(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What has no gradient then has no momentum in the checkpoint, which is resumed from."""
    images = DrawnImages.draw(4).without_boxes()
    settings_of_training = {"batch_size": 2}
    first, second = (build_detector(settings(folder), CLASSES, seed=0) for _ in range(2))
    checkpoints = train(first, images, settings_of_training, 2, stop_after=1)
    train(second, images, settings_of_training, 2, resume=checkpoints[-1])
    assert "train.resumed" in "".join(capsys.readouterr())


def test_the_version_on_the_hub_is_kept(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The commit is in the model's file and in the origin, and weights come from the same one."""
    asked: list[str] = []
    snapshot = folder.parent / "0123abcd"
    snapshot.symlink_to(folder)

    def download(_: str, *, revision: str, **__: object) -> str:
        asked.append(revision)
        return str(snapshot)

    monkeypatch.setattr("huggingface_hub.snapshot_download", download)
    config = settings(Path("owner/model"), backbone="hub", revision="v1")
    detector = new_detector(config, CLASSES, 0, Path)
    assert asked == ["v1", "0123abcd"]
    assert detector.origins["neck"] == "owner/model at 0123abcd (licence: apache-2.0)"
    assert json.loads(json.dumps(detector.description)) == detector.description
