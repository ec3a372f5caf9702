"""The detector beside the package's own loop."""

import subprocess
import sys
from pathlib import Path
from typing import Any, cast

import pytest
import torch
from al_voc_yolo import network
from al_voc_yolo.network import YoloDetector
from safetensors.torch import save_file
from torch import Tensor

from job.config.detector import DetectorConfig
from job.detection.detectors import ImageBatch, Target
from job.detection.detectors.base import build_detector, load_model, save_model
from job.detection.detectors.weights import new_detector

CLASSES = ("cat", "dog", "bird")
SETTINGS = {"model": "yolo", "size": 64, "backbone": "scratch"}


def built(**settings: Any) -> YoloDetector:
    config = DetectorConfig.model_validate(SETTINGS | settings)
    return cast("YoloDetector", build_detector(config, CLASSES, seed=0))


def noise(*sizes_hw: tuple[int, int]) -> list[Tensor]:
    rng = torch.Generator().manual_seed(0)
    return [
        torch.randint(256, (3, *size_hw), generator=rng, dtype=torch.uint8) for size_hw in sizes_hw
    ]


def on_canvas(*images: Tensor) -> ImageBatch:
    return ImageBatch.of(images, torch.tensor([114, 114, 114], dtype=torch.uint8))


@pytest.mark.parametrize("name", ["yolov8n", "yolo11n", "yolo12n"])
def test_losses_are_those_of_the_package(name: str) -> None:
    """The package's own call, with its batch written by hand, less its factor of the batch size."""
    detector = built(network=name).train()
    batch = on_canvas(*noise((64, 64), (64, 64)))
    boxes = torch.tensor([[16.0, 8, 48, 40], [0, 32, 32, 64]])
    nothing = Target(boxes=torch.empty(0, 4), labels=torch.empty(0, dtype=torch.int64))
    ours = detector.losses(batch, [nothing, Target(boxes=boxes, labels=torch.tensor([2, 3]))])
    sums, _ = detector.network.loss(
        {
            "img": batch.pixels_BCHW / 255,
            "batch_idx": torch.tensor([1, 1]),
            "cls": torch.tensor([1, 2]),
            "bboxes": torch.tensor([[0.5, 0.375, 0.5, 0.5], [0.25, 0.75, 0.5, 0.5]]),
        }
    )
    theirs = sums / 2
    assert theirs[0] > 0
    torch.testing.assert_close(ours.classification, theirs[1], rtol=1e-4, atol=0)
    torch.testing.assert_close(ours.bbox_regression, theirs[0] + theirs[2], rtol=1e-4, atol=0)


@torch.inference_mode()
def test_an_image_is_seen_alike_whatever_is_beside_it() -> None:
    """Alone, or in a batch with images of other sizes: the same candidates and embedding."""
    detector = built().eval()
    wide, high = noise((32, 64), (64, 40))
    both = detector.forward_raw(on_canvas(wide, high))
    for row, image in enumerate((wide, high)):
        alone = detector.forward_raw(on_canvas(image))
        torch.testing.assert_close(alone.boxes[0], both.boxes[row])
        torch.testing.assert_close(alone.logits_BAC[0], both.logits_BAC[row])
        torch.testing.assert_close(alone.embeddings_BE[0], both.embeddings_BE[row])


@torch.inference_mode()
@pytest.mark.parametrize("is_half", [False, True])
def test_boxes_are_what_the_expected_distances_of_their_edges_say(*, is_half: bool) -> None:
    """Worked out in float64, also if the network computes in bfloat16."""
    detector = built(size=320).eval()
    batch = on_canvas(*noise((320, 320)))
    with torch.autocast("cpu", torch.bfloat16, enabled=is_half):
        ours = detector.forward_raw(batch).boxes[0].double()
        _, raw = detector(batch.pixels_BCHW)
    expected = []
    for stride, each in zip((8, 16, 32), raw["boxes"][0].split([1600, 400, 100], 1), strict=True):
        shares = each.double().view(4, 16, -1).softmax(1)  # of distances of 0 to 15 cells
        left, up, right, down = (shares * torch.arange(16.0)[:, None]).sum(1)
        cells = torch.arange(320 // stride) + 0.5
        y, x = (each.flatten() for each in torch.meshgrid(cells, cells, indexing="ij"))
        expected.append(stride * torch.stack([x - left, y - up, x + right, y + down], 1))
    torch.testing.assert_close(ours, torch.cat(expected), rtol=0, atol=1e-3)


@torch.inference_mode()
def test_the_embedding_is_that_of_the_package() -> None:
    """Its `embed` of the layer before the head, for an image that fills the square."""
    detector = built().eval()
    batch = on_canvas(*noise((64, 64)))
    before_head = len(detector.network.model) - 2
    (theirs,) = detector.network.predict(batch.pixels_BCHW / 255, embed=[before_head])
    ours = detector.forward_raw(batch).embeddings_BE
    assert ours.shape == (1, detector.embedding_length)
    torch.testing.assert_close(ours[0], theirs)


@torch.inference_mode()
def test_what_lies_beside_an_image_is_not_in_its_embedding() -> None:
    """A wide image fills the upper of four cells of the coarsest map: their mean alone counts."""
    detector = built().eval()
    batch = on_canvas(*noise((32, 64)))
    _, raw = detector(batch.pixels_BCHW)
    upper = raw["feats"][2][0, :, 0].mean(1)
    torch.testing.assert_close(detector.forward_raw(batch).embeddings_BE[0], upper)


@torch.inference_mode()
def test_the_feature_of_a_box_is_the_mean_of_the_map_at_stride_16() -> None:
    """A box as large as one cell has that cell's vector."""
    detector = built().eval()
    batch = on_canvas(*noise((64, 64)))
    _, raw = detector(batch.pixels_BCHW)
    box = torch.tensor([[32.0, 16, 48, 32]])
    found = detector.forward_raw(batch).features.of([torch.tensor([0])], [box])
    torch.testing.assert_close(found[0], raw["feats"][1][0, :, 1, 2])


def test_the_weights_of_the_package_are_taken(tmp_path: Path) -> None:
    """From a state dictionary with its own names: all but the head, whose classes it lacks."""
    trained = built()
    with torch.no_grad():
        for weight in trained.network.parameters():
            weight.add_(0.5)
    save_file(trained.network.state_dict(), tmp_path / "yolo.safetensors")
    place = f"file:{tmp_path / 'yolo.safetensors'}"
    config = DetectorConfig.model_validate(SETTINGS | {"weights": place})
    detector = new_detector(config, CLASSES, 1, Path)
    assert detector.pretrained == {"backbone", "neck"}
    for part in ("backbone", "neck"):
        for name in detector.parts()[part]:
            assert torch.equal(detector.state_dict()[name], trained.state_dict()[name])


def test_the_early_stages_are_those_down_to_stride_8() -> None:
    """What `train.freeze: stages` keeps is the first five layers of the package's backbone."""
    detector = built()
    detector.freeze("stages")
    still = [n for n, p in detector.named_parameters() if not p.requires_grad and "dfl" not in n]
    assert {name.split(".")[2] for name in still} == {"0", "1", "2", "3", "4"}


def test_a_model_says_how_it_is_built(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another version of the package may have another configuration of that name."""
    data = save_model(built())
    monkeypatch.setattr(network, "_configuration", lambda name: pytest.fail(f"asked for {name}"))
    assert save_model(load_model(data, DetectorConfig.model_validate(SETTINGS))) == data


LEAVES_NO_TRACE = """
import os, socket
import torch
from job.config.detector import DetectorConfig
from job.detection.detectors.base import build_detector

asked, save = [], torch.save
socket.getaddrinfo = socket.socket.connect = lambda *each: asked.append(each)
build_detector(DetectorConfig(model="yolo", size=64, backbone="scratch"), ["a"], 0)
assert not asked, asked
assert torch.save is save
changed = {"OMP_NUM_THREADS", "NUMEXPR_MAX_THREADS", "TORCH_CPP_LOG_LEVEL", "YOLO_CONFIG_DIR"}
assert not changed & os.environ.keys()
"""


def test_the_package_leaves_no_trace(tmp_path: Path) -> None:
    """Nothing in the home, nobody asked, nothing said, and this process as it was before."""
    environment = {"HOME": str(tmp_path), "PYTHONPATH": ":".join(sys.path)}
    ended = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-c", LEAVES_NO_TRACE],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
    assert not [*tmp_path.iterdir()]
