"""From the network's outputs to kept boxes, an image: al-voc beside torchvision's own code."""

from typing import cast

import torch
from bench.lines import Line, parser, say
from bench.timing import in_turn
from PIL import Image

from job.config.detector import DetectorConfig
from job.config.schema import EvaluateConfig, ScoreConfig
from job.detection.detectors.base import build_detector
from job.detection.detectors.raw_output import ImageBatch, MapFeatures, RawOutput
from job.detection.detectors.ssd import SsdDetector
from job.detection.inference.post_processing import Predictions, detect, record_batch
from job.detection.view import View

IMAGES = 16


def draw_logits(detector: SsdDetector, num_objects: int = 6, near: int = 15) -> torch.Tensor:
    """Draw what a trained network says: background nearly everywhere, a few anchors an object."""
    generator = torch.Generator().manual_seed(0)
    num_anchors, num_classes = len(detector.anchors_A4), len(detector.classes)
    logits = torch.randn(IMAGES, num_anchors, num_classes + 1, generator=generator) * 0.7
    logits[..., 0] += 8
    for image in logits:
        for _ in range(num_objects):
            label = int(torch.randint(1, num_classes + 1, (1,), generator=generator))
            first = int(torch.randint(num_anchors - near, (1,), generator=generator))
            image[first : first + near, label] += 6 + 4 * torch.rand(near, generator=generator)
    return logits


def lines(num_classes: int) -> list[Line]:
    """Measure with so many classes."""
    classes = [f"class {number}" for number in range(num_classes)]
    config = DetectorConfig(model="ssdlite_mobilenet_v2", size=320, backbone="scratch")
    detector = cast("SsdDetector", build_detector(config, classes, seed=0).eval())
    logits = draw_logits(detector)
    codes = torch.zeros(*logits.shape[:2], 4)
    with torch.inference_mode():
        zeros = torch.zeros(1, 3, 320, 320, dtype=torch.uint8)
        one = detector.forward_raw(ImageBatch.filled(zeros))
    fine = cast("MapFeatures", one.features).map_BFYX
    image = Image.new("RGB", (500, 375))
    seen = Predictions(
        ids=[str(number) for number in range(IMAGES)],
        sizes_wh=[image.size] * IMAGES,
        views=[View.whole(image.size, (320, 320))] * IMAGES,
        raw=RawOutput(
            boxes=detector.anchors_A4.clamp(0, 320).repeat(IMAGES, 1, 1),
            logits_BAC=logits[..., 1:],
            background_BA=logits[..., 0],
            embeddings_BE=one.embeddings_BE.repeat(IMAGES, 1),
            features=MapFeatures(fine.repeat(IMAGES, 1, 1, 1), (320, 320)),
        ),
        scoring=detector.scoring,
    )
    score, evaluate = ScoreConfig(box_features=True), EvaluateConfig()
    ssd = detector.ssd
    ssd.score_thresh, ssd.nms_thresh = score.score_threshold, score.nms_iou
    ssd.detections_per_img, ssd.topk_candidates = score.max_detections, 400

    def ours(features: bool) -> None:  # noqa: FBT001
        with torch.inference_mode():
            record_batch(seen, score.model_copy(update={"box_features": features}))

    def detections() -> None:
        with torch.inference_mode():
            detect(seen, evaluate)

    def torchvision() -> None:
        outputs = {"cls_logits": logits, "bbox_regression": codes}
        with torch.inference_mode():
            ssd.postprocess_detections(
                outputs, [detector.anchors_A4] * IMAGES, [(320, 320)] * IMAGES
            )

    samples = in_turn(
        {
            "score": lambda: ours(features=False),
            "with features": lambda: ours(features=True),
            "evaluate": detections,
            "torchvision": torchvision,
        }
    )
    return [
        samples.compare(
            f"{len(detector.anchors_A4):,} anchors, {num_classes} classes: {name}",
            name,
            "torchvision's postprocess_detections",
            "torchvision",
            lambda seconds: f"{1000 * seconds / IMAGES:.2f} ms an image",
        )
        for name in ("score", "with features", "evaluate")
    ]


def main() -> None:
    """Measure, and print."""
    options = parser(__doc__)
    options.add_argument("--threads", type=int, default=1)
    arguments = options.parse_args()
    torch.set_num_threads(arguments.threads)
    say([*lines(20), *lines(80)], arguments)


if __name__ == "__main__":
    main()
