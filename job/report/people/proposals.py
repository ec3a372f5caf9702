# ruff: noqa: N806 - shape suffixes
"""What people made of proposals, held against what their models find on the test set.

N = images.
"""

from collections.abc import Iterable

import numpy as np

from job.artifacts.reader import Reader
from job.artifacts.round_reader import RoundReader
from job.detection.metrics.detections import Detections
from job.plan import Plan
from job.report.people.anchoring import Anchoring, Rate, RightBoxes, anchoring, right_of_all
from job.report.people.rounds import AskedRound, edits_of


def read_anchoring(reader: Reader, plan: Plan, rounds: Iterable[AskedRound]) -> Anchoring | None:
    """Return whether people keep more proposals than are right.

    Returns:
        None if there is no test set, or too few images with proposals on one of the two sides.

    Raises:
        BadDataError: The test set or the detections in it are damaged.
    """
    kept, models = [], []
    for each in rounds:
        edits = [made for image in each.asked if (made := edits_of(image))]
        right = _right(reader, plan, each) if edits else None
        if right:
            kept += [(made.kept, made.shown) for made in edits]
            models.append((right, sum(made.shown for made in edits)))
    counts_N, shown_N = np.array(kept, np.float64).reshape(-1, 2).T
    ours, theirs = Rate.of(counts_N, shown_N), right_of_all(models)
    return anchoring(ours, theirs) if ours and theirs else None


def _right(reader: Reader, plan: Plan, each: AskedRound) -> RightBoxes | None:
    """Return how many boxes are right of the model that proposed; None if nobody can tell."""
    min_confidence = each.outcome.min_confidence
    if min_confidence is None or each.ref.is_test or not each.ref.index:
        return None
    model = each.ref.at(each.ref.index - 1)
    if not reader.markers.get(model.stage("evaluate")):
        return None
    io = RoundReader.beside(reader, plan, model)
    truth = {image.id: image.annotation for image in io.test_images()}
    found = Detections.from_table(reader.detections(model), io.dataset.classes)
    if not truth or set(found.ids) != truth.keys():  # the test set has grown since
        return None
    return RightBoxes.of(truth, found, io.dataset.classes, min_confidence)
