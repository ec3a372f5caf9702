import math
from collections.abc import Iterable, Iterator
from io import BytesIO
from itertools import islice
from typing import Any, NoReturn, cast

import numpy as np
import pytest
import torch
from PIL import Image
from torch._dynamo.utils import counters
from torch._inductor import config as inductor

from job.config.detector import DetectorConfig
from job.config.schema import EvaluateConfig, ScoreConfig
from job.data.decoding import Decoded, decode_at_least
from job.data.shards import EncodedImage
from job.detection.detectors.base import build_detector
from job.detection.detectors.raw_output import ImageBatch, MapFeatures, RawOutput
from job.detection.detectors.ssd import SsdDetector
from job.detection.inference import compile as compiling
from job.detection.inference import network_input
from job.detection.inference.compile import _refusal
from job.detection.inference.image_cache import IMAGE_CACHE
from job.detection.inference.network_input import resized
from job.detection.inference.post_processing import Predictions
from job.detection.inference.predict import (
    Engine,
    Precision,
    detect_images,
    map_predictions,
    record_images,
)
from job.detection.view import View
from job.errors import BadDataError
from job.records.score_record import ScoreRecord

CPU = torch.device("cpu")
CLASSES = ("disc", "square")

# Boxes of the network's square of 64 pixels, and probabilities of background, disc, square.
BOXES = [
    [0.0, 0.0, 32.0, 32.0],
    [0.0, 0.0, 32.0, 28.0],  # IoU with the first: 28 / 32
    [32.0, 32.0, 64.0, 64.0],
    [0.0, 4.0, 32.0, 32.0],  # IoU with the first: 28 / 32, but never likely enough
    [0.0, 0.0, 32.0, 17.0],  # IoU with the first: 17 / 32
]
PROBABILITIES = [
    [0.2, 0.7, 0.1],
    [0.3, 0.6, 0.1],
    [0.5, 0.1, 0.4],
    [0.96, 0.02, 0.02],
    [0.4, 0.25, 0.35],
]


class Fixed(SsdDetector):
    """A detector that says the same of every image."""

    def forward_raw(self, images: ImageBatch) -> RawOutput:
        """The boxes above; maps whose channels are 0, 1, 2 ... everywhere."""
        batch = len(images)
        maps = [
            torch.arange(float(channels)).view(1, -1, 1, 1).repeat(batch, 1, side, side)
            for channels, side in ((144, 4), (1280, 2))
        ]
        logits = torch.tensor(PROBABILITIES).log().repeat(batch, 1, 1)
        return RawOutput(
            boxes=torch.tensor(BOXES).repeat(batch, 1, 1),
            logits_BAC=logits[..., 1:],
            background_BA=logits[..., 0],
            embeddings_BE=maps[1].mean((2, 3)),
            features=MapFeatures(maps[0], (64, 64)),
        )


@pytest.fixture
def fixed(detector: SsdDetector) -> SsdDetector:
    detector.__class__ = Fixed
    return detector


def photos(num_images: int, size: tuple[int, int] = (90, 70)) -> list[tuple[str, Image.Image]]:
    rng = np.random.default_rng(0)
    shape = (size[1], size[0], 3)
    return [
        (f"{i}", Image.fromarray(rng.integers(0, 256, shape, dtype=np.uint8)))
        for i in range(num_images)
    ]


def encoded(images: Iterable[tuple[str, Image.Image]]) -> list[EncodedImage]:
    files = []
    for image_id, image in images:
        file = BytesIO()
        image.save(file, "PNG")
        files.append(EncodedImage(image_id, ".png", file.getvalue()))
    return files


def predict(
    detector: SsdDetector,
    images: list[tuple[str, Image.Image]],
    precision: Precision = "float32",
    engine: Engine | None = None,
) -> Predictions:
    """What the network says of images, all in one batch."""
    (predictions,) = map_predictions(
        lambda predictions: predictions,
        detector,
        resized(detector),
        [encoded(images)],
        engine or Engine(CPU, len(images)),
        precision=precision,
    )
    return predictions


def score(
    detector: SsdDetector,
    images: Iterable[tuple[str, Image.Image]],
    *,
    batch_size: int = 4,
    seed: tuple[int, ...] = (),
    **settings: Any,
) -> ScoreRecord:
    (record,) = record_images(
        detector,
        [encoded(images)],
        ScoreConfig.model_validate(settings),
        Engine(CPU, batch_size),
        seed=seed,
    )
    return record


def test_the_record_by_hand(fixed: SsdDetector) -> None:
    """Of five boxes, the second is suppressed by the first, and the fourth is too unlikely.

    The fifth overlaps the first by more than 0.45, but is of the other class. The first overlaps
    the second and the fifth, the fifth also the second (17 / 28), by at least half.
    The image is twice as wide as the square and half as high.
    """
    record = score(fixed, photos(1, size=(128, 32)), box_features=True)
    assert record.ids.tolist() == ["0"]
    assert record.sizes_wh.tolist() == [[128, 32]]
    assert record.offsets.tolist() == [0, 3]
    assert record.boxes_xyxy.tolist() == [[0, 0, 64, 16], [64, 16, 128, 32], [0, 0, 64, 8.5]]
    expected = [[0.7 / 0.8, 0.1 / 0.8], [0.1 / 0.5, 0.4 / 0.5], [0.25 / 0.6, 0.35 / 0.6]]
    np.testing.assert_allclose(record.probabilities, expected, atol=1e-3)
    np.testing.assert_allclose(record.objectness, [0.8, 0.5, 0.6], atol=1e-6)
    assert record.num_overlaps.tolist() == [3, 1, 3]
    assert record.box_features is not None
    np.testing.assert_array_equal(record.box_features, [np.arange(144)] * 3)
    np.testing.assert_array_equal(record.embeddings, [np.arange(1280)])


def test_the_record_has_the_types_of_the_contract(fixed: SsdDetector) -> None:
    """Probabilities, features and embeddings in half precision; the table takes them all."""
    record = score(fixed, photos(2), box_features=True)
    assert record.probabilities.dtype == record.embeddings.dtype == np.float16
    assert record.boxes_xyxy.dtype == record.objectness.dtype == np.float32
    assert record.num_overlaps.dtype == record.offsets.dtype == record.sizes_wh.dtype == np.int64
    assert record.to_table().num_rows == 2
    assert score(fixed, photos(2)).box_features is None


@pytest.mark.parametrize(
    ("settings", "num_kept"),
    [
        ({"score_threshold": 0.5}, 1),
        ({"score_threshold": 0.0}, 3),
        ({"score_threshold": 0.0, "nms_iou": 0.9}, 5),
        ({"max_detections": 2}, 2),
    ],
)
def test_the_configuration_says_what_is_kept(
    settings: dict[str, Any], num_kept: int, fixed: SsdDetector
) -> None:
    """Threshold, suppression and limit each change the number of boxes, worked out by hand."""
    assert score(fixed, photos(1), **settings).offsets.tolist() == [0, num_kept]


def test_boxes_come_best_first(detector: SsdDetector) -> None:
    """The most probable class's probability in the full softmax falls along an image's boxes."""
    record = score(detector, photos(3), score_threshold=0.01)
    best = record.probabilities.max(1).astype(np.float64) * record.objectness
    for begin, end in zip(record.offsets, record.offsets[1:], strict=False):
        assert end - begin > 5
        assert (np.diff(best[begin:end]) < 2e-3).all()


def test_boxes_lie_within_their_image(detector: SsdDetector) -> None:
    """Boxes are clipped to the original image, whatever its shape."""
    record = score(detector, photos(2, size=(50, 200)), score_threshold=0.01)
    assert record.boxes_xyxy.min() >= 0
    assert record.boxes_xyxy[:, 2].max() <= 50
    assert record.boxes_xyxy[:, 3].max() <= 200
    assert record.boxes_xyxy[:, 3].max() > 100


def test_chunks_of_whole_batches_give_the_same_record(detector: SsdDetector) -> None:
    """Eight images in one call, or four and four, with batches of four: equal to the last bit."""
    images = photos(8)
    whole = score(detector, images, score_threshold=0.01, box_features=True).to_table()
    config = ScoreConfig(score_threshold=0.01, box_features=True)
    parts = [encoded(images[:4]), encoded(images[4:])]
    records = record_images(detector, parts, config, Engine(CPU, 4))
    halves = [record.to_table() for record in records]
    assert whole.slice(0, 4).to_pydict() == halves[0].to_pydict()
    assert whole.slice(4).to_pydict() == halves[1].to_pydict()


def test_an_embedding_is_the_mean_of_the_backbones_last_map(detector: SsdDetector) -> None:
    """It is what torchvision's classifier pools, before its last layer."""
    ((_, image),) = photos(1, size=(64, 64))
    record = score(detector, [("a", image)])
    pixels = torch.from_numpy(np.asarray(image).copy()).permute(2, 0, 1)[None] / 255
    normalised = (pixels - torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1)) / torch.tensor(
        [0.229, 0.224, 0.225]
    ).view(1, 3, 1, 1)
    with torch.no_grad():
        expected = detector.backbone_layers(normalised).mean((2, 3))
    np.testing.assert_allclose(record.embeddings, expected, atol=2e-3, rtol=2e-3)


def test_bfloat16_differs_by_its_rounding_alone(detector: SsdDetector) -> None:
    """Its eight bits: logits within a fiftieth of the largest, and not the same."""
    precisions: tuple[Precision, ...] = ("float32", "bfloat16")
    exact, rounded = (
        predict(detector, photos(3), precision).raw.logits_BAC for precision in precisions
    )
    difference = (exact - rounded).abs().max()
    assert 0 < difference < exact.abs().max() / 50
    assert rounded.dtype == torch.float32


def test_the_configuration_chooses_the_precision(detector: SsdDetector) -> None:
    """The record's types are the same, its numbers are not."""
    exact, rounded = (
        score(detector, photos(3), precision=precision) for precision in ("float32", "bfloat16")
    )
    assert exact.to_table().schema == rounded.to_table().schema
    assert not np.array_equal(exact.objectness, rounded.objectness)


def test_an_image_without_boxes_has_an_embedding(detector: SsdDetector) -> None:
    """Nothing passes a threshold of 1, and the image is there all the same."""
    record = score(detector, photos(2), score_threshold=1.0, box_features=True)
    assert record.offsets.tolist() == [0, 0, 0]
    assert record.embeddings.shape == (2, 1280)
    assert record.to_table().num_rows == 2


def test_augmented_scores_depend_on_the_seed_and_the_image_alone(detector: SsdDetector) -> None:
    """The same image is augmented alike in any company; boxes stay within the image."""
    images = photos(4)
    settings: dict[str, Any] = {"input": "training", "score_threshold": 0.01}
    one = score(detector, images, seed=(1,), **settings)
    backwards = score(detector, images[::-1], seed=(1,), **settings)
    other = score(detector, images, seed=(2,), **settings)
    plain = score(detector, images, seed=(1,), score_threshold=0.01)
    np.testing.assert_allclose(one.embeddings, backwards.embeddings[::-1], atol=1e-3)
    assert not np.array_equal(one.embeddings, other.embeddings)
    assert not np.array_equal(one.embeddings, plain.embeddings)
    twins = score(detector, [("x", images[0][1]), ("y", images[0][1])], **settings)
    assert not np.array_equal(twins.embeddings[0], twins.embeddings[1])
    assert one.boxes_xyxy.min() >= 0
    assert (one.boxes_xyxy.max(0) <= [90, 70, 90, 70]).all()


@pytest.fixture
def threads() -> Iterator[int]:
    """Two threads of torch, as many as it had afterwards."""
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield 2
    torch.set_num_threads(before)


def test_few_images_are_asked_for_at_a_time(detector: SsdDetector, threads: int) -> None:
    """A pool of any size passes through the memory of a few batches."""
    asked: list[str] = []

    def stream() -> Iterator[EncodedImage]:
        for image in encoded(photos(20)):
            asked.append(image.id)
            yield image

    parts = (islice(images, 4) for images in [stream()] for _ in range(5))
    records = record_images(detector, parts, ScoreConfig(), Engine(CPU, 2))
    assert next(records).ids.tolist() == ["0", "1", "2", "3"]
    # The batch after the part, which ends it, and those that are under way meanwhile.
    assert len(asked) == 2 * (2 + 1 + threads + 1)
    assert [each.ids.tolist()[0] for each in records] == ["4", "8", "12", "16"]


def test_the_number_of_threads_changes_nothing(detector: SsdDetector, threads: int) -> None:
    """Each batch is computed by one thread, so one and two give the same to the last bit."""
    settings: dict[str, Any] = {"batch_size": 2, "score_threshold": 0.01, "box_features": True}
    several = score(detector, photos(8), **settings).to_table()
    assert torch.get_num_threads() == threads
    torch.set_num_threads(1)
    assert score(detector, photos(8), **settings).to_table().equals(several)


@pytest.mark.slow
def test_the_number_of_threads_changes_no_augmentation(detector: SsdDetector) -> None:
    """Torch has one random stream for all threads: eight and one give the same to the last bit."""
    settings: dict[str, Any] = {"batch_size": 2, "input": "training", "seed": (1,)}
    before = torch.get_num_threads()
    try:
        tables = []
        for threads in (8, 1):
            torch.set_num_threads(threads)
            tables.append(score(detector, photos(64), **settings).to_table())
    finally:
        torch.set_num_threads(before)
    assert tables[0].equals(tables[1])


def test_a_broken_image_ends_it_with_its_own_error(detector: SsdDetector, threads: int) -> None:
    """In the order of the images, and torch has its threads again."""
    broken = EncodedImage("7", ".png", b"not an image")
    images = [*encoded(photos(7)), broken, *encoded(photos(9))]
    with pytest.raises(BadDataError, match=r"^7: "):
        list(record_images(detector, [images], ScoreConfig(), Engine(CPU, 2)))
    assert torch.get_num_threads() == threads


def test_what_was_decoded_once_is_kept(
    detector: SsdDetector, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second look decodes only what there was no room for, and sees the same."""
    asked: list[str] = []

    def watched(data: bytes, side: int | None, name: str) -> Decoded:
        asked.append(name)
        return decode_at_least(data, side, name)

    monkeypatch.setattr(network_input, "decode_at_least", watched)
    with IMAGE_CACHE.sized(2 * 3 * 64 * 64):
        first, again = (score(detector, photos(3), batch_size=1) for _ in range(2))
    assert asked == ["0", "1", "2", "2"]
    assert again.to_table().equals(first.to_table())


def test_images_of_another_run_are_not_kept(
    detector: SsdDetector,
) -> None:
    """The cache is of one data set: another run's image of the same name is another image."""
    ((name, image), (_, other)) = photos(2)
    with IMAGE_CACHE.sized(3 * 64 * 64):
        first = score(detector, [(name, image)])
    with IMAGE_CACHE.sized(3 * 64 * 64):
        second = score(detector, [(name, other)])
    assert not np.array_equal(first.embeddings, second.embeddings)


def test_the_decoder_may_give_fewer_pixels(
    fixed: SsdDetector, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is told how many are enough; boxes are in pixels of the image all the same.

    Of what comes, the network sees no more than the frame: here the left half.
    """
    image = Image.new("RGB", (128, 64), "red")
    image.paste("blue", (64, 0, 128, 64))

    def decode(_data: bytes, side: int | None, _name: str) -> Decoded:
        assert side == 64
        return Decoded(image, (256, 128), (0, 0, 64, 64))

    monkeypatch.setattr(network_input, "decode_at_least", decode)
    large = EncodedImage("large", ".jpg", b"")
    pixels = resized(fixed)(large).pixels
    assert torch.equal(pixels, torch.tensor([255, 0, 0])[:, None, None].expand(3, 64, 64))
    (record,) = record_images(fixed, [[large]], ScoreConfig(), Engine(CPU, 1))
    assert record.sizes_wh.tolist() == [[256, 128]]
    assert record.boxes_xyxy[0].tolist() == [0, 0, 128, 64]


@pytest.mark.parametrize(("size_wh", "most"), [((90, 70), 2), ((300, 200), 0), ((64, 129), 0)])
def test_the_network_sees_the_whole_view(
    detector: SsdDetector, size_wh: tuple[int, int], most: int
) -> None:
    """But for rounding, up to twice its side; larger images as in training without augmentation."""
    ((image_id, image),) = photos(1, size=size_wh)
    pixels = resized(detector)(*encoded([(image_id, image)])).pixels
    expected = View.whole(size_wh, (64, 64)).render(image, detector.fill)
    assert (pixels.int() - expected.int()).abs().max() <= most


@pytest.mark.slow
def test_a_compiled_network_says_the_same(
    detector: SsdDetector, monkeypatch: pytest.MonkeyPatch
) -> None:
    """But for rounding; the last batch too, which is not full."""
    # Without processes that help, which take longer to start than they save.
    monkeypatch.setattr(inductor, "compile_threads", 1)
    if reason := _refusal(CPU):
        pytest.skip(f"nothing can be compiled here: {reason}")
    plain = predict(detector, photos(3))
    counted = counters["stats"]["unique_graphs"]
    compiled = predict(detector, photos(3), engine=Engine(CPU, 4, compiled=True))
    # Once, and not again for the batches that come, which would not be like it and take long.
    assert counters["stats"]["unique_graphs"] == counted + 1
    assert detector._compiled_call_impl is not None  # noqa: SLF001 - torch has no question for it
    assert compiled.ids == ["0", "1", "2"]
    torch.testing.assert_close(compiled.raw.logits_BAC, plain.raw.logits_BAC, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(compiled.raw.boxes, plain.raw.boxes, rtol=1e-4, atol=1e-2)
    torch.testing.assert_close(
        compiled.raw.embeddings_BE, plain.raw.embeddings_BE, rtol=1e-4, atol=1e-4
    )


def test_without_a_compiler_the_network_runs_as_it_is(
    detector: SsdDetector, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A warning says why it was not compiled, and the predictions are those without."""
    monkeypatch.setattr(compiling, "_refusal", lambda _device: "no working C++ compiler")
    plain = predict(detector, photos(2))
    fallen_back = predict(detector, photos(2), engine=Engine(CPU, 2, compiled=True))
    assert "no working C++ compiler" in "".join(capsys.readouterr())
    assert torch.equal(fallen_back.raw.logits_BAC, plain.raw.logits_BAC)


def test_what_fails_to_compile_runs_as_it_is(
    detector: SsdDetector, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also if something tiny can be compiled, but the network cannot."""
    monkeypatch.setattr(compiling, "_refusal", lambda _device: "")

    def fail(*_: object) -> NoReturn:
        message = "no such instruction: tdpbf16ps\nand a hundred lines"
        raise RuntimeError(message)

    plain = predict(detector, photos(2))
    monkeypatch.setattr(
        SsdDetector, "compile", lambda self, **_: setattr(self, "_compiled_call_impl", fail)
    )
    fallen_back = predict(detector, photos(2), engine=Engine(CPU, 2, compiled=True))
    told = "".join(capsys.readouterr())
    assert "compile.unavailable" in told
    assert "no such instruction: tdpbf16ps" in told
    assert "hundred" not in told
    assert torch.equal(fallen_back.raw.logits_BAC, plain.raw.logits_BAC)


def test_detections_are_torchvisions() -> None:
    """Boxes, classes and scores are those of torchvision's SSD with the same settings."""
    config = DetectorConfig(size=64, width=0.25, backbone="scratch")
    detector = cast("SsdDetector", build_detector(config, ("a", "b", "c"), seed=4))
    for parameter in detector.ssd.head.parameters():
        parameter.data *= 5  # scores far enough apart to have one order
    images = photos(3, size=(64, 64))
    detections = detect_images(
        detector,
        encoded(images),
        EvaluateConfig(score_threshold=0.2, nms_iou=0.45, max_detections=50),
        Engine(CPU, 3),
    )
    detector.ssd.score_thresh, detector.ssd.detections_per_img = 0.2, 50
    with torch.no_grad():
        expected = detector.ssd(
            [
                torch.from_numpy(np.asarray(image).copy()).permute(2, 0, 1) / 255
                for _, image in images
            ]
        )
    assert detections.ids == ("0", "1", "2")
    for i, each in enumerate(expected):
        mine = slice(detections.offsets[i], detections.offsets[i + 1])
        assert len(each["scores"]) == 50
        np.testing.assert_allclose(detections.scores[mine], each["scores"], rtol=1e-4)
        np.testing.assert_array_equal(detections.labels[mine], each["labels"] - 1)
        np.testing.assert_allclose(detections.boxes_xyxy[mine], each["boxes"], atol=1e-2)


def test_a_box_is_detected_once_for_each_likely_class(fixed: SsdDetector) -> None:
    """By hand: the classes' boxes are suppressed apart, so one box may come twice."""
    detections = detect_images(
        fixed,
        encoded(photos(1, (64, 64))),
        EvaluateConfig(score_threshold=0.3),
        Engine(CPU, 1),
    )
    assert detections.labels.tolist() == [0, 1, 1]
    np.testing.assert_allclose(detections.scores, [0.7, 0.4, 0.35], atol=1e-6)
    assert detections.boxes_xyxy.tolist() == [BOXES[0], BOXES[2], BOXES[4]]


def test_no_images_have_no_detections(detector: SsdDetector) -> None:
    """The arrays are empty and of their shapes."""
    detections = detect_images(detector, [], EvaluateConfig(), Engine(CPU, 1))
    assert detections.ids == ()
    assert detections.boxes_xyxy.shape == (0, 4)
    assert detections.to_table(CLASSES).num_rows == 0


def test_vgg_takes_box_features_and_embeddings_from_stride_16(vgg: SsdDetector) -> None:
    """SSD300's map at stride 16 is its second, of 1024 channels and 19 cells a side."""
    raw = predict(vgg, photos(1)).raw
    assert isinstance(raw.features, MapFeatures)
    assert raw.features.map_BFYX.shape == (1, 1024, math.ceil(300 / 16), 19)
    assert raw.embeddings_BE.shape == (1, 1024)
