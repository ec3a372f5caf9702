# ruff: noqa: N806 - shape suffixes
"""The mAP of weighted images, and its estimate by a sample."""

import math

import numpy as np
import pytest

from job.detection.metrics.average_precision import evaluate
from job.records.annotation import Annotation
from job.report.pool.metric import WeightedMetric, estimate
from job.report.pool.sampling import LabelledRound, Sample
from tests.unit.report.pool.make_images import Row, annotation, detections

CLASSES = ("cow", "horse")
NUM = 12


def _made() -> tuple[dict[str, list[Row]], dict[str, Annotation]]:
    rng = np.random.default_rng(4)
    truth: dict[str, Annotation] = {}
    found: dict[str, list[Row]] = {}
    for number in range(NUM):
        boxes = [
            (CLASSES[int(rng.integers(2))], 20.0 * place) for place in range(int(rng.integers(4)))
        ]
        truth[f"{number:02d}"] = annotation(*boxes)
        hits = [(name, x + 2.0 * float(rng.integers(3)), float(rng.random())) for name, x in boxes]
        found[f"{number:02d}"] = [*hits, ("cow", 80.0, float(rng.random()))]
    return found, truth


FOUND, TRUTH = _made()


def subset(ids: list[str]) -> float:
    """The mAP of some images, by the code that measures test sets."""
    found = detections({each: FOUND[each] for each in ids}, CLASSES)
    value = evaluate({each: TRUTH[each] for each in ids}, found, CLASSES).map50_area
    assert value is not None
    return value


def weighted() -> WeightedMetric:
    return WeightedMetric(TRUTH, detections(FOUND, CLASSES), CLASSES)


def test_with_equal_weights_it_is_the_metric_of_the_test_set() -> None:
    """Whatever the weight is, and whatever the order of the detections' images."""
    expected = subset(sorted(FOUND))
    assert 0.1 < expected < 0.9
    turned = detections(dict(reversed(FOUND.items())), CLASSES)
    for metric in (weighted(), WeightedMetric(TRUTH, turned, CLASSES)):
        assert metric.value(np.full(NUM, 2.5)) == pytest.approx(expected)


def test_an_image_without_a_weight_is_not_there() -> None:
    """Neither its boxes nor its detections count."""
    weights_L = np.where(np.arange(NUM) < 7, 1.0, 0.0)
    assert weighted().value(weights_L) == pytest.approx(subset(sorted(FOUND)[:7]))
    assert weighted().value(np.zeros(NUM)) == 0.0


def test_a_weight_is_a_number_of_images() -> None:
    """By hand: a hit of weight 3 before a miss of weight 1, of boxes of weight 3 and 1: 3/4."""
    truth = {"a": annotation(("cow", 0.0)), "b": annotation(("cow", 0.0)), "c": annotation()}
    found = detections({"a": [("cow", 0.0, 0.9)], "b": [("cow", 50.0, 0.8)]}, CLASSES)
    metric = WeightedMetric(truth, found, CLASSES)
    assert metric.value(np.array([3.0, 1.0, 5.0])) == pytest.approx(0.75)
    first = detections({"b": [("cow", 50.0, 0.95)], "a": [("cow", 0.0, 0.9)]}, CLASSES)
    metric = WeightedMetric(truth, first, CLASSES)
    assert metric.value(np.array([3.0, 1.0, 5.0])) == pytest.approx(0.75 * 0.75)


def test_crowd_regions_are_no_boxes_to_be_found() -> None:
    """As on the test set."""
    truth = {"a": annotation(("cow", 0.0)), "b": annotation(("cow", 0.0), crowd=True)}
    found = detections({"a": [("cow", 0.0, 0.9)], "b": [("cow", 0.0, 0.95)]}, CLASSES)
    assert WeightedMetric(truth, found, CLASSES).value(np.ones(2)) == 1.0


def test_the_estimate_is_the_jackknife() -> None:
    """By its textbook formula, each image left out once, of 12 images drawn from 48."""
    ids = sorted(FOUND)
    sample = Sample.of((), [LabelledRound(tuple(ids), (), 48)], 36)
    assert sample
    found = estimate(weighted(), sample)
    without = np.array([subset([each for each in ids if each != out]) for out in ids])
    whole, unseen = subset(ids), 1 - 12 / 48
    corrected = whole + unseen * 11 * (whole - without.mean())
    error = math.sqrt(unseen * 11 / 12 * ((without - without.mean()) ** 2).sum())
    assert found.value == pytest.approx(corrected)
    assert found.low == pytest.approx(max(corrected - 2.201 * error, 0), abs=1e-3)
    assert found.high == pytest.approx(min(corrected + 2.201 * error, 1), abs=1e-3)


def test_of_one_image_there_is_no_interval() -> None:
    """Nothing says how much images differ."""
    truth = {"a": annotation(("cow", 0.0))}
    metric = WeightedMetric(truth, detections({"a": [("cow", 0.0, 0.9)]}, CLASSES), CLASSES)
    sample = Sample.of((), [LabelledRound(("a",), (), 5)], 4)
    assert sample
    assert estimate(metric, sample).low is None
