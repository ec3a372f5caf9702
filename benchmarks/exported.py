"""Detections of exported models beside those of the detector that they were made from.

The model of each experiment's last trained round is exported in both formats of a graph. ONNX is
run by onnxruntime. All see the same test images. The last column counts the detections of al-voc
that the exported model has, too: of the same class, with nearly the same box and score.
"""

import argparse
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import first  # noqa: F401
import numpy as np

from job.artifacts.round_reader import RoundReader
from job.cli.choose import open_round
from job.config.runtime import RuntimeConfig
from job.data.shards import LabelledImage
from job.detection.detectors.base import load_model
from job.detection.exported.description import FormatName
from job.detection.exported.models import DetectorModel, Model, open_model
from job.detection.metrics.average_precision import evaluate
from job.detection.metrics.detections import Detections
from job.detection.metrics.matching import Booleans
from job.errors import UsageError
from job.export.model.write import export_model
from job.records.arrays import Floats

FORMATS: tuple[FormatName, ...] = ("onnx", "pt2")
RUNTIME = RuntimeConfig(threads=1)
SAME_SCORE = 1e-4
SAME_PLACE = 0.01
"""By so many pixels two corners may differ."""


@dataclass(frozen=True)
class Outcome:
    """What one of the models found."""

    detections: Detections
    map50: float
    map_coco: float

    @classmethod
    def of(cls, model: Model, images: Sequence[LabelledImage]) -> "Outcome":
        """Look at images, and measure."""
        encoded = (image.read() for image in images)
        found = Detections.joined(list(model.detections(encoded, lambda transform: transform)))
        truth = {image.id: image.annotation for image in images}
        metrics = evaluate(truth, found, model.classes)
        return cls(found, metrics.map50_area or 0.0, metrics.map_coco or 0.0)

    def num_twins(self, other: "Outcome") -> int:
        """Count the detections that another model's have as well."""
        places = zip(_places(self.detections), _places(other.detections), strict=True)
        return sum(int(_near(mine, theirs).any(1).sum()) for mine, theirs in places)


def _places(found: Detections) -> list[Floats]:
    """Return label, score and box of each image's detections: (d, 6)."""
    columns = np.column_stack([found.labels, found.scores, found.boxes_xyxy])
    return np.split(columns, found.offsets[1:-1])


def _near(mine: Floats, theirs: Floats) -> Booleans:
    """Whether two detections are the same, each with each: (m, t)."""
    difference = np.abs(mine[:, None] - theirs[None])
    near: Booleans = np.all(difference <= (0, SAME_SCORE, *[SAME_PLACE] * 4), axis=-1)
    return near


def rows_of(io: RoundReader, num_images: int) -> list[str]:
    """Return the rows of an experiment."""
    images = io.test_images()[:num_images]
    detector = load_model(io.model(io.round), io.config.detector)
    ours = Outcome.of(DetectorModel(detector, io.config.evaluate, RUNTIME), images)
    rows = [_row(io, "al-voc", ours, ours)]
    for name in FORMATS:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, f"model.{name}")
            try:
                export_model(io, name, path, "")
            except UsageError as error:
                rows.append(f"| {io.round.experiment} | {name} | refused: {error} | | | |")
                continue
            theirs = Outcome.of(open_model(path, RUNTIME), images)
            rows.append(_row(io, name, theirs, ours))
    return rows


def _row(io: RoundReader, by: str, found: Outcome, ours: Outcome) -> str:
    num_detections = len(found.detections.scores)
    figures = f"{found.map50:.6f} | {found.map_coco:.6f} | {ours.num_twins(found):,}"
    return f"| {io.round.experiment} | {by} | {num_detections:,} | {figures} |"


def main() -> None:
    """Compare, and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("experiments", nargs="+")
    parser.add_argument("--store", default="./state")
    parser.add_argument("--images", type=int, default=100)
    arguments = parser.parse_args()
    print("| experiment | run by | detections | mAP50 | COCO mAP | the same |")
    print("| --- | --- | --- | --- | --- | --- |")
    for name in arguments.experiments:
        io = open_round("train", arguments.store, name, None, None, None)
        print("\n".join(rows_of(io, arguments.images)), flush=True)


if __name__ == "__main__":
    main()
