"""Detections of exported models beside those of the detector that they were made from.

The model of each experiment's last trained round is exported in both formats of a graph. ONNX is
run by onnxruntime. All see the same test images.
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
from job.errors import UsageError
from job.export.model.write import export_model
from job.records.arrays import Floats

FORMATS: tuple[FormatName, ...] = ("onnx", "pt2")
RUNTIME = RuntimeConfig(threads=1)


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

    @property
    def rows(self) -> Floats:
        """Score, box and label of each detection, by image, best first: (D, 6)."""
        found = self.detections
        image_D = np.repeat(np.arange(len(found.ids)), np.diff(found.offsets))  # noqa: N806
        order = np.lexsort((*found.boxes_xyxy.T, found.labels, -found.scores, image_D))
        columns = np.column_stack([found.scores, found.boxes_xyxy, found.labels])
        return columns[order]

    def beside(self, other: "Outcome") -> str:
        """Tell the largest difference between two detections at the same place of both lists."""
        mine, theirs = self.rows, other.rows
        if len(mine) != len(theirs):
            return f"{len(mine) - len(theirs):+d} detections"
        score, *box, label = np.abs(mine - theirs).max(axis=0, initial=0)
        moved = f", {int((mine[:, 5] != theirs[:, 5]).sum())} labels" if label else ""
        return f"score {score:.0e}, box {max(box):.0e} pixels{moved}"


def rows_of(io: RoundReader, num_images: int) -> list[str]:
    """Return the rows of an experiment."""
    images = io.test_images()[:num_images]
    detector = load_model(io.model(io.round), io.config.detector)
    ours = Outcome.of(DetectorModel(detector, io.config.evaluate, RUNTIME), images)
    rows = [_row(io, "al-voc", ours, "")]
    for name in FORMATS:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, f"model.{name}")
            try:
                export_model(io, name, path, "")
            except UsageError as error:
                rows.append(f"| {io.round.experiment} | {name} | refused: {error} | | | |")
                continue
            theirs = Outcome.of(open_model(path, RUNTIME), images)
            rows.append(_row(io, name, theirs, theirs.beside(ours)))
    return rows


def _row(io: RoundReader, by: str, found: Outcome, difference: str) -> str:
    figures = f"{len(found.detections.scores):,} | {found.map50:.6f} | {found.map_coco:.6f}"
    return f"| {io.round.experiment} | {by} | {figures} | {difference} |"


def main() -> None:
    """Compare, and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("experiments", nargs="+")
    parser.add_argument("--store", default="./state")
    parser.add_argument("--images", type=int, default=100)
    arguments = parser.parse_args()
    print("| experiment | run by | detections | mAP50 | COCO mAP | largest difference |")
    print("| --- | --- | --- | --- | --- | --- |")
    for name in arguments.experiments:
        io = open_round("train", arguments.store, name, None, None, None)
        print("\n".join(rows_of(io, arguments.images)), flush=True)


if __name__ == "__main__":
    main()
