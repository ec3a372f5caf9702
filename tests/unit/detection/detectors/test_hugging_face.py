"""Detectors of the library transformers: small random configurations of three families."""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest
import torch

transformers = pytest.importorskip("transformers")

from huggingface_hub import errors  # noqa: E402 - of the same extra

from job.config.detector import DetectorConfig  # noqa: E402
from job.detection.detectors import Detector, ImageBatch  # noqa: E402
from job.detection.detectors.architecture import architecture_of  # noqa: E402
from job.detection.detectors.base import build_detector, load_model, save_model  # noqa: E402
from job.detection.detectors.hugging_face_files import load_library  # noqa: E402
from job.detection.detectors.weights import new_detector  # noqa: E402
from job.errors import AlJobError, ConfigError, TemporaryError  # noqa: E402
from job.testing import DetectorContract, EvaluateConfig, Found  # noqa: E402
from job.testing.drawn_images import CLASSES, DrawnImages  # noqa: E402
from job.testing.trying import train  # noqa: E402

load_library()  # which silences it
torch.set_num_threads(1)

SQUARE = {"height": 64, "width": 64}
EDGES = {"shortest_edge": 64, "longest_edge": 106}
WIDTHS = {"embedding_size": 8, "hidden_sizes": [8, 8, 16, 16], "depths": [1, 1, 1, 1]}
LAYERS: Mapping[str, Any] = {
    "d_model": 16,
    "num_queries": 20,
    "decoder_layers": 2,
    "encoder_ffn_dim": 16,
    "decoder_ffn_dim": 16,
    "encoder_attention_heads": 2,
    "decoder_attention_heads": 2,
}


def rt_detr() -> tuple[Any, Any]:
    """RT-DETR on a ResNet of four blocks."""
    backbone = transformers.RTDetrResNetConfig(
        **WIDTHS, layer_type="basic", out_features=["stage2", "stage3", "stage4"]
    )
    config = transformers.RTDetrConfig(
        **LAYERS,
        backbone_config=backbone,
        encoder_hidden_dim=16,
        encoder_in_channels=[8, 16, 16],
        decoder_in_channels=[16, 16, 16],
        num_denoising=10,
    )
    return config, transformers.RTDetrImageProcessor(size=SQUARE)


def yolos() -> tuple[Any, Any]:
    """YOLOS of two layers."""
    config = transformers.YolosConfig(
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=16,
        image_size=[64, 64],
        num_detection_tokens=20,
    )
    return config, transformers.YolosImageProcessor(size=EDGES)


def conditional_detr() -> tuple[Any, Any]:
    """Conditional DETR on a ResNet of four blocks."""
    backbone = transformers.ResNetConfig(**WIDTHS, layer_type="basic", out_features=["stage4"])
    config = transformers.ConditionalDetrConfig(
        **LAYERS, backbone_config=backbone, encoder_layers=1, auxiliary_loss=True, dropout=0.0
    )
    return config, transformers.ConditionalDetrImageProcessor(size=EDGES)


FAMILIES = {each.__name__: each for each in (rt_detr, yolos, conditional_detr)}


def write(folder: Path, family: str = "rt_detr") -> Path:
    """Write the files of a family, without weights."""
    for each in FAMILIES[family]():
        each.save_pretrained(folder)
    return folder


def settings(folder: Path, **others: Any) -> DetectorConfig:
    told = {"model": "transformers", "name": str(folder), "size": 64, "backbone": "scratch"}
    return DetectorConfig.model_validate({**told, **others})


def network_of(detector: Detector) -> Any:
    """The library's own."""
    return detector.network


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
        return [Found(**{**each, "labels": each["labels"] + 1}) for each in found]


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


@pytest.mark.parametrize(
    "family",
    [
        each if each == "rt_detr" else pytest.param(each, marks=pytest.mark.detectors)
        for each in FAMILIES
    ],
)
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
    assert "set detector.size: 64, as it was trained" in capsys.readouterr().out


def test_a_training_begins_without_a_box(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What has no gradient then has no momentum in the checkpoint, which is resumed from."""
    images = DrawnImages.draw(4).without_boxes()
    settings_of_training = {"batch_size": 2}
    first, second = (build_detector(settings(folder), CLASSES, seed=0) for _ in range(2))
    checkpoints = train(first, images, settings_of_training, 2, stop_after=1)
    train(second, images, settings_of_training, 2, resume=checkpoints[-1])
    assert "train.resumed" in capsys.readouterr().out


def refusal(config: DetectorConfig) -> AlJobError:
    with pytest.raises(AlJobError) as caught:
        new_detector(config, CLASSES, 0, Path)
    assert "\n" not in str(caught.value)
    return caught.value


def test_what_is_no_detector_is_refused(tmp_path: Path) -> None:
    """In one line each: no files, another task, no processor, a size that no layer takes."""
    nothing = refusal(settings(tmp_path))
    assert f"detector.name: {tmp_path}: no configuration of a model" in str(nothing)
    transformers.ResNetConfig().save_pretrained(tmp_path)
    assert str(refusal(settings(tmp_path))) == (
        f"detector.name: {tmp_path}: resnet is not a model for object detection"
    )
    rt_detr()[0].save_pretrained(tmp_path)
    assert f"detector.name: {tmp_path}: no processor of images" in str(refusal(settings(tmp_path)))
    write(tmp_path)
    assert str(refusal(settings(tmp_path, size=100))).startswith(
        f"detector.size: 100: {tmp_path} does not take it ("
    )
    no_weights = str(refusal(settings(tmp_path, backbone="hub")))
    assert no_weights.startswith(f"detector.backbone: hub: {tmp_path}: no weights that can be read")


def test_a_processor_of_another_kind_is_refused(tmp_path: Path) -> None:
    """A rectangle, or one whose scores are neither softmax nor sigmoid."""
    rt_detr()[0].save_pretrained(tmp_path)
    transformers.RTDetrImageProcessor(size={"height": 64, "width": 96}).save_pretrained(tmp_path)
    assert "neither a square nor a shortest edge" in str(refusal(settings(tmp_path)))
    transformers.ViTImageProcessor(size=SQUARE).save_pretrained(tmp_path)
    assert "its processor shows no scores of boxes" in str(refusal(settings(tmp_path)))


def test_logits_of_another_number_are_refused(tmp_path: Path) -> None:
    """DETR's processor expects an output for no object, which RT-DETR does not have."""
    rt_detr()[0].save_pretrained(tmp_path)
    transformers.DetrImageProcessor(size=SQUARE).save_pretrained(tmp_path)
    assert str(refusal(settings(tmp_path))) == (
        f"detector.name: {tmp_path}: a box has 3 logits for 3 classes, and not the 4 of which its "
        "processor makes scores"
    )


def test_a_missing_library_is_one_line(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says what to install."""
    monkeypatch.setitem(sys.modules, "transformers", None)
    error = refusal(settings(folder))
    assert isinstance(error, ConfigError)
    assert str(error).startswith("detector.model: transformers: the library is missing (")
    assert str(error).endswith("pip install 'al-voc[transformers]'")


def test_the_place_of_the_files_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder, the hub's cache, or the hub; a name that neither can have is refused."""
    told = {}
    for name, cached in ((str(folder), None), ("owner/model", "there"), ("owner/other", None)):
        monkeypatch.setattr("huggingface_hub.try_to_load_from_cache", lambda *_, c=cached, **__: c)
        told[name] = architecture_of(settings(Path(name))).own_files()
    assert told == {
        str(folder): f"the folder {folder}",
        "owner/model": "owner/model: in the cache of the hub",
        "owner/other": "owner/other: will be downloaded",
    }
    monkeypatch.undo()
    with pytest.raises(ConfigError, match="no such folder, nor a name of the hub"):
        architecture_of(settings(Path("/no/such/folder"))).own_files()


ANSWER = SimpleNamespace(headers={}, request=None, status_code=404)


@pytest.mark.parametrize(
    ("raised", "kind", "told"),
    [
        (
            errors.RepositoryNotFoundError("404\nnot found", response=ANSWER),
            ConfigError,
            "not a folder, nor a model that the hub shows at revision main",
        ),
        (
            errors.LocalEntryNotFoundError("no connection\nand not in the cache"),
            TemporaryError,
            "it could not be downloaded from the hub (no connection): give a folder instead",
        ),
        (PermissionError("no"), ConfigError, "name another directory in HF_HOME"),
        (errors.HFValidationError("bad"), ConfigError, "nor a name of the hub (OWNER/MODEL)"),
    ],
)
def test_errors_of_the_hub_are_one_line(
    monkeypatch: pytest.MonkeyPatch, raised: Exception, kind: type[AlJobError], told: str
) -> None:
    """What may pass is a temporary error, and the rest is one of the configuration."""

    def fail(*_: object, **__: object) -> None:
        raise raised

    monkeypatch.setattr("huggingface_hub.snapshot_download", fail)
    error = refusal(settings(Path("owner/model")))
    assert isinstance(error, kind)
    assert told in str(error)


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
