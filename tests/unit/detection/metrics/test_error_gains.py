# ruff: noqa: N803 - shape suffixes
"""What average precision gains if a kind of errors is mended."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from job.detection.metrics import error_gains
from job.detection.metrics.average_precision import evaluate
from job.detection.metrics.error_gains import average_precisions, best_confidence, gains
from job.detection.metrics.error_kinds import KINDS, Kind, explain
from job.detection.metrics.matching import Booleans
from job.records.annotation import Annotation
from tests.unit.detection.metrics.make_case import (
    CLASSES,
    FAR,
    Box,
    Found,
    found,
    random_case,
    truth,
)

A: Box = (0, 0, 100, 100)
B: Box = (200, 0, 300, 100)
QUARTER_OF_A: Box = (0, 0, 100, 25)


def gained(annotation: Annotation, detections: list[Found], name: str = "cat") -> dict[Kind, float]:
    """What mending gains a class, where it gains anything."""
    told = explain({"a": annotation}, found({"a": detections}), CLASSES)
    by_kind = {kind: float(of[CLASSES.index(name)]) for kind, of in gains(told).items()}
    return {kind: value for kind, value in by_kind.items() if value}


@pytest.mark.parametrize(
    ("first", "kind", "expected"),
    [
        ((FAR, "cat", 0.9), "background", 1 / 4),
        ((QUARTER_OF_A, "dog", 0.9), "both", None),
        ((QUARTER_OF_A, "cat", 0.9), "localisation", 1 / 4),
        ((A, "dog", 0.9), "classification", None),
    ],
)
def test_a_wrong_detection_is_dropped_if_its_box_is_found(
    first: Found, kind: Kind, expected: float | None
) -> None:
    """A is found second of two boxes: AP 1/2 * 1/2. Without the first one it is 1/2 * 1.

    A dog takes no place among the cats, so dropping it changes nothing for them.
    """
    found_kinds = gained(truth([A, B]), [first, (A, "cat", 0.8)])
    assert found_kinds.get(kind) == expected


def test_a_duplicate_is_dropped() -> None:
    """Hit, duplicate, hit on two boxes: 1/2 * 1 + 1/2 * 2/3; without it, 1."""
    detections: list[Found] = [(A, "cat", 0.9), (A, "cat", 0.8), (B, "cat", 0.7)]
    assert gained(truth([A, B]), detections) == {"duplicate": pytest.approx(1 / 6)}


def test_a_badly_placed_detection_hits_if_nothing_else_does() -> None:
    """The only cat is found at once; of two tries at it, the better one hits."""
    detections: list[Found] = [(QUARTER_OF_A, "cat", 0.9), (QUARTER_OF_A, "cat", 0.8)]
    assert gained(truth([A]), detections) == {"localisation": 1.0}


def test_a_confused_detection_gets_the_class_of_its_box() -> None:
    """A dog on a cat: the cats gain all, and the dogs lose a wrong detection before a right one."""
    both = truth([A, B], ["cat", "dog"])
    detections: list[Found] = [(A, "dog", 0.9), (B, "dog", 0.8)]
    assert gained(both, detections, "cat") == {"classification": 1.0}
    assert gained(both, detections, "dog") == {"classification": pytest.approx(1 / 2)}


def test_the_best_of_all_kinds_hits_a_box() -> None:
    """If a cat is better placed by a confused detection, mending places hits nothing."""
    detections: list[Found] = [(A, "dog", 0.9), (QUARTER_OF_A, "cat", 0.8)]
    assert gained(truth([A]), detections) == {"classification": 1 / 1}


def test_mending_what_is_near_a_difficult_box_drops_it() -> None:
    """It would not be counted: the cat that is found second is then first."""
    annotation = truth([A, B], difficult=[0])
    detections: list[Found] = [(QUARTER_OF_A, "cat", 0.9), (B, "cat", 0.8)]
    assert gained(annotation, detections) == {"localisation": pytest.approx(1 / 2)}


def test_a_missed_box_need_not_be_found() -> None:
    """One of two cats is found: AP 1/2, and 1 without the other."""
    assert gained(truth([A, B]), [(A, "cat", 0.9)]) == {"missed": pytest.approx(1 / 2)}


def test_a_class_that_is_missed_whole_gains_all() -> None:
    """No box is left, whatever else was found."""
    assert gained(truth([A]), [(FAR, "cat", 0.9)]) == {"missed": 1.0}


def test_a_class_without_boxes_gains_nothing() -> None:
    """It has no average precision."""
    told = explain({"a": truth([A])}, found({"a": [(FAR, "owl", 0.9)]}), CLASSES)
    owl = CLASSES.index("owl")
    assert np.isnan([of[owl] for of in gains(told).values()]).all()


@pytest.mark.parametrize("seed", range(6))
def test_average_precision_is_that_of_the_evaluation(seed: int) -> None:
    """Class by class, with crowd regions and equal scores; and no mending makes it worse."""
    ground_truth, detections = random_case(seed)
    told = explain(ground_truth, found(detections), CLASSES)
    expected = evaluate(ground_truth, found(detections), CLASSES)
    of_class = [each.ap50_area for each in expected.classes.values()]
    assert average_precisions(told).tolist() == of_class
    assert min(of.min() for of in gains(told).values()) >= -1e-12


TIDECV: Mapping[int, tuple[float, Mapping[Kind, tuple[int, float]]]] = {
    0: (
        37.25447544754475,
        {
            "classification": (2, 0.0963),
            "localisation": (11, 15.9708),
            "both": (6, 7.7521),
            "duplicate": (12, 5.8977),
            "background": (18, 9.792),
            "missed": (1, 2.5159),
        },
    ),
    8: (
        63.86018439305232,
        {
            "classification": (4, 2.2644),
            "localisation": (11, 5.3933),
            "both": (4, 2.4184),
            "duplicate": (32, 9.2957),
            "background": (17, 9.2734),
            "missed": (0, 0.0),
        },
    ),
}
"""The mAP, and for each kind the number of errors and the dAP, by tidecv 1.0.1."""


def test_without_any_box_nothing_can_be_gained() -> None:
    """All gains are undefined, as the average precision is, whatever was found."""
    told = explain({"a": truth([])}, found({"a": [(A, "cat", 0.75)]}), CLASSES)
    assert all(np.isnan(of).all() for of in gains(told).values())


@pytest.mark.parametrize("seed", TIDECV)
def test_kinds_and_gains_are_those_of_tidecv(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """With its average over 101 recalls in the place of the area, to all digits that it prints."""
    monkeypatch.setattr(error_gains, "area_under", _at_101_recalls)
    ground_truth, by_image = random_case(seed, crowd_share=0.0)
    detections = found(by_image)
    scores = np.random.default_rng(seed).permutation(len(detections.scores)) / 256  # all differ
    told = explain(ground_truth, replace(detections, scores=scores), CLASSES)
    metric, kinds = TIDECV[seed]
    assert 100 * average_precisions(told).mean() == pytest.approx(metric)
    mended = gains(told)
    for kind in KINDS:
        errors = told.missed() if kind == "missed" else told.is_of(kind)
        assert (errors.sum(), round(100 * mended[kind].mean(), 4)) == kinds[kind]


def _at_101_recalls(hit_D: Booleans, num_boxes: int) -> float:
    """COCO's average precision at one IoU: the mean of the best precision from each recall on."""
    hits = np.cumsum(hit_D)
    precision = hits / np.arange(1, len(hits) + 1)
    return float(
        np.mean(
            [max(precision[hits / num_boxes >= recall / 100], default=0.0) for recall in range(101)]
        )
    )


@pytest.mark.parametrize(
    ("detections", "expected"),
    [
        ([], 1.0),
        ([(A, "cat", 0.75), (FAR, "cat", 0.5), (B, "cat", 0.25)], 0.25),
        ([(A, "cat", 0.75), (FAR, "cat", 0.5), (FAR, "cat", 0.25)], 0.75),
        ([(A, "cat", 0.75), (FAR, "cat", 0.75)], 0.75),
    ],
)
def test_the_best_confidence_has_the_best_f1(detections: list[Found], expected: float) -> None:
    """Of two boxes. F1 is 2/3, 2/4, 4/5 in the second case, so the third detection is worth it."""
    told = explain({"a": truth([A, B])}, found({"a": detections}), CLASSES)
    assert best_confidence(told) == expected
