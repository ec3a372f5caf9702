"""Herding, with and without weights, on embeddings in the plane."""

from collections.abc import Mapping
from math import cos, log2, radians, sin
from typing import Any

import numpy as np
import pytest

from job.acquisition.registry import make_strategy
from job.acquisition.strategy import Selection
from job.config.schema import ArmConfig
from tests.unit.acquisition.records import (
    Box,
    Image,
    Labels,
    candidates,
    labelled,
    reasons_of,
    scores_of,
    task_of,
)

NO_LABELS = Labels({"cow": 1, "sheep": 1})
SURE, UNSURE = Box([1, 0], objectness=1.0), Box([1, 0], objectness=0.5)


def at(degrees: float, *boxes: Box, length: float = 1.0) -> Image:
    angle = radians(degrees)
    return Image(boxes, (length * cos(angle), length * sin(angle)))


def select(
    name: str,
    images: dict[str, Image],
    budget: int,
    labels: Labels = NO_LABELS,
    seed: int = 0,
    **settings: Any,
) -> Selection:
    strategy = make_strategy(ArmConfig(strategy=name, **{"candidate_share": 1, **settings}))
    return strategy.select(task_of(candidates(images, 2), labels, budget, seed))


def test_the_middle_of_the_largest_cluster_is_first() -> None:
    """Of three images at 0, 10 and 20 degrees the middle one; then the one far from them."""
    images = {"a": at(0), "b": at(10), "c": at(20), "d": at(180)}
    selection = select("herding", images, 2, sigma=0.3)
    assert selection.ids == ("b", "d")
    nearest = "of 4 unlabelled images nearest to it"
    assert reasons_of(selection) == (f"stands for the 3 {nearest}", f"stands for the 1 {nearest}")


def test_what_all_embeddings_share_does_not_count() -> None:
    """A network's features may all be far on one side; their mean is taken off first."""
    images = {"a": at(0), "b": at(10), "c": at(20), "d": at(180)}
    far = {
        name: Image((), (image.embedding[0] * 0.5 + 8, image.embedding[1] * 0.5 + 4))
        for name, image in images.items()
    }
    ours, theirs = (select("herding", each, 4, sigma=0.3) for each in (images, far))
    assert ours.ids == theirs.ids
    assert scores_of(ours) == pytest.approx(scores_of(theirs), abs=0.05)


def test_what_is_labelled_covers_its_neighbours() -> None:
    """The cluster of three has a label in it, so the single image comes first."""
    images = {"a": at(0), "b": at(10), "c": at(20), "d": at(180)}
    known = labelled({"label": at(10)}, {"cow": 1, "sheep": 1})
    selection = select("herding", images, 1, known, sigma=0.3)
    assert selection.ids == ("d",)
    assert reasons_of(selection)[0] == (
        "stands for the 1 of 4 unlabelled images nearest to it; most like the labelled label "
        "(cosine -1.00)"
    )


def test_seeds_choose_among_different_images() -> None:
    """By default from a random half; the budget is filled from more if it has to be."""
    images = {f"{number:02d}": at(3 * number) for number in range(40)}
    picks = {select("herding", images, 5, seed=s, candidate_share=0.5).ids for s in range(5)}
    assert len(picks) > 1
    assert len(select("herding", images, 30, candidate_share=0.5).picks) == 30


def test_only_a_share_of_the_images_can_be_picked() -> None:
    """A quarter of 40: a budget of 10 takes all of them, whatever the kernel prefers."""
    images = {f"{number:02d}": at(3 * number) for number in range(40)}
    narrow, wide, all_of_them = (
        set(select("herding", images, 10, sigma=sigma, candidate_share=share).ids)
        for sigma, share in ((0.1, 0.25), (2, 0.25), (0.1, 1))
    )
    assert narrow == wide
    assert narrow != all_of_them


Weights = Mapping[str, float]


def kernels(images: list[Image], sigma: float) -> np.ndarray:
    """Return k of every two images, by their directions from the mean of all."""
    points = np.array([image.embedding for image in images])
    points = points - points.mean(axis=0)
    points /= np.sqrt((points**2).sum(axis=1, keepdims=True))
    return np.asarray(np.exp(-((points[:, None] - points) ** 2).sum(axis=2) / sigma**2))


def check_gains(
    selection: Selection,
    images: dict[str, Image],
    weights: Weights,
    labels: dict[str, Image],
    sigma: float,
) -> None:
    """Hold each pick against every image that was left, one by one."""
    names = [*images, *labels]
    k = dict(zip(names, kernels([*images.values(), *labels.values()], sigma), strict=True))
    known, left = list(labels), set(images)
    for pick in selection.picks:
        gains = dict.fromkeys(left, 0.0)
        for column, name in enumerate(images):
            covered = max((k[each][column] for each in known), default=0)
            for each in left:
                gains[each] += weights[name] * max(0, k[each][column] - covered)
        assert gains[pick.id] == pytest.approx(max(gains.values()), abs=5e-3)
        assert pick.score == pytest.approx(gains[pick.id], abs=5e-3)
        known.append(pick.id)
        left.remove(pick.id)


@pytest.mark.parametrize("num_labels", [0, 3])
@pytest.mark.parametrize("seed", range(3))
def test_each_pick_adds_most_by_the_formula(seed: int, num_labels: int) -> None:
    """As if every gain of every image were computed in each step; sigma is 1 by default."""
    angles = np.random.default_rng(seed).uniform(0, 360, 12 + num_labels).tolist()
    images = {f"{number:02d}": at(angle) for number, angle in enumerate(angles[:12])}
    known = {f"label-{number}": at(angle) for number, angle in enumerate(angles[12:])}
    labels = labelled(known, {"cow": 1, "sheep": 1}) if known else NO_LABELS
    selection = select("herding", images, 12, labels)
    assert len(selection.ids) == 12
    check_gains(selection, images, dict.fromkeys(images, 1.0), known, 1.0)


@pytest.mark.parametrize("seed", range(3))
def test_weights_are_the_doubt_times_the_class_weight(seed: int) -> None:
    """All labelled boxes are right, so q is the confidence; 75 cows and 25 sheep: 2/3 and 2."""
    rng = np.random.default_rng(seed)
    images, weights = {}, {}
    for number, angle in enumerate(rng.uniform(0, 360, 12).tolist()):
        is_sheep, q = bool(rng.integers(2)), float(rng.uniform(0.4, 1))
        box = Box([1 - is_sheep, is_sheep], objectness=q)
        images[f"{number:02d}"] = at(angle, box)
        p = 0.5 + 0.7 * (q - 0.5)
        doubt = -(p * log2(p) + (1 - p) * log2(1 - p))
        weights[f"{number:02d}"] = doubt * (2 if is_sheep else 2 / 3)
    right = [Box([1, 0], truth=row, iou=0.9) for row in range(50)]
    known = {"one": Image(right, at(270).embedding, (0,) * 50)}
    labels = labelled(known, {"cow": 75, "sheep": 25})
    selection = select("uherding", images, 12, labels, top=100, sigma=0.5)
    check_gains(selection, images, weights, known, 0.5)


def test_the_published_sigma_is_the_distance_of_two_labelled_images() -> None:
    """At 5 and 25 degrees, and opposite, so that the mean is 0: 2 sin 10 degrees."""
    images = {f"{number:02d}": at(30 * number, UNSURE) for number in range(12)}
    labels = labelled({f"{each}": at(each) for each in (5, 25, 185, 205)}, {"cow": 1, "sheep": 1})
    ours = select("uherding", images, 4, labels, sigma=None)
    theirs = select("herding", images, 4, labels, sigma=2 * sin(radians(10)))
    assert scores_of(ours) == pytest.approx(scores_of(theirs), abs=5e-3)
    assert scores_of(ours) != pytest.approx(
        scores_of(select("herding", images, 4, labels)), abs=0.1
    )


def test_the_mean_distance_to_the_nearest_can_be_sigma() -> None:
    """On a circle, 30 degrees apart: 2 sin 15 degrees. `uherding` takes it without labels."""
    images = {f"{number:02d}": at(30 * number, UNSURE) for number in range(12)}
    expected = scores_of(select("herding", images, 4, sigma=2 * sin(radians(15))))
    for name in ("herding", "uherding"):
        assert scores_of(select(name, images, 4, sigma=None)) == pytest.approx(expected, abs=5e-3)


def test_too_few_true_positives_make_it_coverage_alone() -> None:
    """The picks of `herding`, of the same images drawn; the reason says why."""
    images = {f"{number:02d}": at(number**2, UNSURE) for number in range(12)}
    boxes = [Box([1, 0], truth=0, iou=0.9)]
    labels = labelled({"one": Image(boxes, at(5).embedding, (0,))}, {"cow": 1, "sheep": 1})
    ours = select("uherding", images, 4, labels, candidate_share=0.5)
    assert ours.ids == select("herding", images, 4, labels, candidate_share=0.5).ids
    assert all(
        each.endswith("only 1 box is known to be right, so doubt does not count yet")
        for each in reasons_of(ours)
    )


def test_a_pool_without_boxes_that_count_is_covered_alike() -> None:
    """Weights of 0 would leave the order of the ids."""
    images = {"a": at(0), "b": at(100), "c": at(110), "d": at(120)}
    right = [Box([1, 0], truth=row, iou=0.9) for row in range(50)]
    known = {"one": Image(right, at(270).embedding, (0,) * 50), "two": at(250)}
    selection = select("uherding", images, 1, labelled(known, {"cow": 50, "sheep": 0}), top=100)
    assert selection.ids == ("c",)
    assert reasons_of(selection)[0].endswith("; no image has a box that counts")


def doubtful() -> dict[str, Image]:
    return {"a": at(0, SURE), "b": at(90, UNSURE), "c": at(180, SURE), "d": at(181, SURE)}


def known_true_positives(count: int) -> Labels:
    boxes = [Box([1, 0], objectness=1.0, truth=row, iou=0.9) for row in range(count)]
    images = {
        "label": Image(boxes, (0.0, -1.0), truth_classes=(0,) * count),
        "other": at(270.5),
    }
    return labelled(images, {"cow": count, "sheep": 0})


def test_doubt_outweighs_number_once_enough_is_known() -> None:
    """With 50 true positives the doubtful image comes before the pair; with 49 it does not."""
    settings: dict[str, Any] = {"top": 100, "class_weights": False, "sigma": 0.01}
    assert select("uherding", doubtful(), 1, known_true_positives(49), **settings).ids != ("b",)
    selection = select("uherding", doubtful(), 1, known_true_positives(50), **settings)
    assert selection.ids == ("b",)
    assert reasons_of(selection)[0].endswith("1 box; least certain: cow, 50% likely to be right")


def test_an_empty_pool_has_no_picks() -> None:
    """With labels or without."""
    assert select("herding", {}, 3).ids == ()


@pytest.mark.parametrize("weighted", [True, False])
def test_rare_classes_count_more(*, weighted: bool) -> None:
    """Two images of equal doubt: the sheep has no label yet, and so a weight of 8."""
    images = {
        "cow": at(0, Box([1, 0], objectness=0.5)),
        "sheep": at(90, Box([0, 1], objectness=0.5)),
    }
    selection = select(
        "uherding", images, 1, known_true_positives(50), top=100, class_weights=weighted
    )
    assert selection.ids == ("sheep" if weighted else "cow",)


def test_a_score_has_four_digits() -> None:
    """More of them would differ from one version of numpy to the next."""
    images = {f"{number}": at(37 * number) for number in range(8)}
    for score in scores_of(select("herding", images, 8)):
        assert score == float(f"{score:.4g}")
