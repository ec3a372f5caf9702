"""PPAL, by hand."""

from dataclasses import replace
from math import exp, log
from typing import Any

import numpy as np
import pytest

from job.acquisition.strategies.ppal import Boxes, Ppal, distances_of
from job.acquisition.strategy import Images, Selection, TableRecord
from job.errors import BadDataError
from tests.unit.acquisition.records import (
    Box,
    Image,
    Labels,
    candidates,
    labelled,
    reasons_of,
    record_of,
    scores_of,
    task_of,
)

COUNTS = {"cow": 2, "sheep": 1}
NOTHING = Labels(COUNTS)
COW, SHEEP = [0.75, 0.25], [0.25, 0.75]
H = 0.75 * log(4 / 3) + 0.25 * log(4)


def select(
    images: dict[str, Image], budget: int, known: Labels = NOTHING, **settings: object
) -> Selection:
    strategy = Ppal.model_validate(settings)
    return strategy.select(task_of(candidates(images, 2), known, budget))


Described = tuple[int, float, tuple[float, float]]
"""A box's class, weight and feature."""


def boxes_of(images: list[list[Described]]) -> Boxes:
    flat = [(row, *box) for row, image in enumerate(images) for box in image]
    features = np.array([feature for *_, feature in flat], np.float32).reshape(-1, 2)
    return Boxes(
        len(images),
        np.array([row for row, *_ in flat], np.int64),
        np.array([label for _, label, *_ in flat], np.int64),
        np.array([weight for *_, weight, _ in flat]),
        features / np.maximum(np.linalg.norm(features, axis=1, keepdims=True), 1e-9),
    )


def test_difficulty_is_what_quality_lacks() -> None:
    """One cow is found with p = 0.75 * 0.8 = 0.6 at IoU 0.5, twice; another cow is not found.

    Quality of cow: (0.6^0.6 * 0.5^0.4 + 0) / 2; of sheep, found with certainty: 1, difficulty 0.
    """
    found = Box(COW, objectness=0.8, truth=0, iou=0.5)
    worse = Box(SHEEP, objectness=0.8, truth=0, iou=0.25)
    sure = Box([0.0, 1.0], truth=0, iou=1.0)
    images = {
        "a": Image([found, worse], truth_classes=(0, 0)),
        "b": Image([sure], truth_classes=(1,)),
    }
    weights = Ppal().class_weights(task_of(Images(()), labelled(images, COUNTS)))
    quality = 0.6**0.6 * 0.5**0.4 / 2
    expected = 1 + 0.3 * 0.2 * log(1 + (exp(1 / 0.3) - 1) * (1 - quality))
    np.testing.assert_allclose(weights, [expected, 1.0], rtol=1e-3)  # the record has float16


def test_a_class_without_labels_is_the_hardest() -> None:
    """D = 1: w = 1 + alpha beta / alpha = 1 + beta."""
    np.testing.assert_allclose(
        Ppal(beta=0.5).class_weights(task_of(Images(()), NOTHING)), [1.5, 1.5]
    )


def test_a_small_alpha_is_a_step() -> None:
    """E^(1/alpha) is past any float: w = 1 + beta for what is not perfect, and 1 for what is."""
    found = Image([Box([0.0, 1.0], truth=0, iou=1.0)], truth_classes=(1,))
    weights = Ppal(alpha=1e-6, beta=0.5).class_weights(
        task_of(Images(()), labelled({"a": found}, COUNTS))
    )
    np.testing.assert_allclose(weights, [1.5, 1.0])


def test_class_weights_do_not_depend_on_the_order_of_rows() -> None:
    """Not in the last bit."""
    rng = np.random.default_rng(1)
    images = {
        str(n): Image([Box(COW, objectness=p, truth=0, iou=p)], truth_classes=(0,))
        for n, p in enumerate(rng.random(50).tolist())
    }
    back = dict(reversed(images.items()))
    there = Ppal().class_weights(task_of(Images(()), labelled(images, COUNTS)))
    assert (
        there.tolist() == Ppal().class_weights(task_of(Images(()), labelled(back, COUNTS))).tolist()
    )


@pytest.mark.parametrize("wrong", [{"p": [np.nan, 0.5]}, {"objectness": np.nan}, {"iou": np.nan}])
def test_a_labelled_image_without_numbers_is_named(wrong: dict[str, Any]) -> None:
    """A NaN would be passed over by the maximum, or sit in a class's weight."""
    box = Box(wrong.get("p", COW), objectness=wrong.get("objectness", 1.0), truth=0)
    bad = Image([replace(box, iou=wrong.get("iou", 0.5))], truth_classes=(0,))
    with pytest.raises(BadDataError, match="image 'bad' has a detection"):
        Ppal().class_weights(task_of(Images(()), labelled({"a": Image(), "bad": bad}, COUNTS)))


def test_a_labelled_record_of_other_classes_is_refused() -> None:
    """Three in the record, two in the labels."""
    table = record_of({"a": Image([Box([0.5, 0.3, 0.2])], truth_classes=(0,))}, 3, with_truth=True)
    with pytest.raises(BadDataError, match="3 classes"):
        Ppal().class_weights(
            task_of(Images(()), Labels(COUNTS, Images(("a",), TableRecord((table.to_table(),)))))
        )


def test_uncertainty_is_the_weighted_sum_of_entropies() -> None:
    """Of boxes of at least 0.3: the third has 0.75 * 0.06 = 0.045. All classes weigh 1.2."""
    images = {"a": Image([Box(COW), Box(SHEEP), Box(COW, objectness=0.06)]), "b": Image([Box(COW)])}
    selection = select(images, 2)
    assert selection.ids == ("a", "b")
    assert scores_of(selection) == pytest.approx((1.2 * 2 * H, 1.2 * H), rel=1e-3)
    assert reasons_of(selection)[0].startswith("2 boxes, most uncertain: ")
    assert reasons_of(selection)[1] == (
        f"1 box: cow against sheep, entropy {H:.2f} nats; class weight 1.20; "
        "stands for 1 of 2 uncertain images"
    )


def test_an_image_whose_boxes_are_all_unlikely_says_so() -> None:
    """0.75 * 0.06 = 0.045 is below 0.3: nothing of the box is told."""
    reason = reasons_of(select({"a": Image([Box(COW, objectness=0.06)])}, 1))[0]
    assert reason.startswith("no box that counts: score 0; ")


def test_the_published_code_has_the_entropy_of_one_probability() -> None:
    """Of 0.75 * 0.5 = 0.375, weighted by 1.2."""
    image = {"a": Image([Box(COW, objectness=0.5)])}
    p = 0.375
    expected = -1.2 * (p * log(p) + (1 - p) * log(1 - p))
    assert scores_of(select(image, 1, entropy="binary"))[0] == pytest.approx(expected, rel=1e-3)


def test_of_uncertain_images_a_diverse_part_is_picked() -> None:
    """Six images, three looks: at 2 of the 4 most uncertain, one of each of their two looks.

    Without oversampling it is the two most uncertain, both of one look.
    """
    torn = [0.5, 0.5]
    images = {
        "a": Image([Box(torn, (1, 0)), Box(torn, (1, 0))]),
        "b": Image([Box(torn, (1, 0)), Box([0.45, 0.55], (1, 0))]),
        "c": Image([Box(torn, (0, 1))]),
        "d": Image([Box([0.55, 0.45], (0, 1))]),
        "e": Image([Box(COW, (-1, 0))]),
        "f": Image([Box(COW, (-1, 0))]),
    }
    assert select(images, 2, oversample=2).ids == ("a", "c")
    assert select(images, 2, oversample=1).ids == ("a", "b")
    assert "stands for 2 of 4 uncertain images" in reasons_of(select(images, 2, oversample=2))[0]


def test_the_distance_of_two_images() -> None:
    """Each box looks at the nearest of its class; weighted means, there and back, are averaged.

    There: the cow at 1 - 0.6, weight 0.5; the sheep finds none, 2, weight 0.25. Back: cows at
    1 - 0.6 (weight 1) and 1 - 0 (weight 3).
    """
    first = [(0, 0.5, (1.0, 0.0)), (1, 0.25, (1.0, 0.0))]
    second = [(0, 1.0, (3.0, 4.0)), (0, 3.0, (0.0, 1.0))]
    there = (0.5 * 0.4 + 0.25 * 2) / 0.75
    back = (1.0 * 0.4 + 3.0 * 1.0) / 4.0
    expected = (there + back) / 2
    np.testing.assert_allclose(
        distances_of(boxes_of([first, second])), [[0, expected], [expected, 0]], rtol=1e-6
    )


def test_images_that_share_no_class_are_at_exactly_the_largest_distance() -> None:
    """Whatever their confidences are, so that the more uncertain one is taken, and not by rounding.

    2 (0.1 + 0.7) / (0.1 + 0.7) is 1.9999999 in single precision.
    """
    weights = np.random.default_rng(0).random((20, 3))
    boxes = [[(label, float(w), (1.0, 0.0)) for w in row] for label, row in enumerate(weights)]
    distances = distances_of(boxes_of(boxes))
    assert set(distances[~np.eye(20, dtype=bool)].tolist()) == {2.0}


def test_by_default_small_unlikely_and_narrow_boxes_do_not_count() -> None:
    """3 % of a side of 96 pixels are 2.88; 0.75 * 0.375 is below 0.3; 6 to 1 is too narrow."""
    small = Box(COW, xyxy=(0, 0, 2.8, 2.8))
    narrow = Box(COW, xyxy=(0, 0, 60, 10))
    images = {
        "many": Image([small, narrow, Box(COW, objectness=0.375)] * 9),
        "one": Image([Box(COW, xyxy=(0, 0, 3, 3))]),
    }
    selection = select(images, 2)
    assert selection.ids == ("one", "many")
    assert reasons_of(selection)[1].startswith("no box that counts: ")
    published: dict[str, Any] = {"min_confidence": 0.05, "empty_score": 0}
    assert select(images, 2, **published).ids == ("many", "one")
    assert scores_of(select({"a": Image([small])}, 1, **published)) == (0,)


def test_with_one_class_boxes_are_uncertain_of_being_right() -> None:
    """Without labels that is the confidence: 0.5 has ln 2, and weighs 1.2 as all do."""
    images = {"a": Image([Box([1.0])]), "z": Image([Box([1.0], objectness=0.5)])}
    selection = Ppal().select(task_of(candidates(images, 1), Labels({"cow": 1}), 1))
    assert (selection.ids, round(scores_of(selection)[0], 4)) == (("z",), round(1.2 * log(2), 4))
    assert "entropy of being right 0.69 nats" in reasons_of(selection)[0]
    assert Ppal().cannot_rank(1) is None


def test_images_without_boxes() -> None:
    """Two of them are the same; one and an image with boxes are as far apart as can be."""
    distances = distances_of(boxes_of([[], [(0, 1.0, (1.0, 0.0))], []]))
    assert distances.tolist() == [[0, 2, 0], [2, 0, 2], [0, 2, 0]]


@pytest.mark.parametrize("block", [1, 3, 1000])
def test_blocks_do_not_matter(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The distances are those of a plain loop over boxes."""
    monkeypatch.setattr("job.acquisition.strategies.ppal._BLOCK", block)
    rng = np.random.default_rng(5)
    images = [
        [
            (int(rng.integers(3)), float(rng.random()), (float(rng.normal()), float(rng.normal())))
            for _ in range(rng.integers(5))
        ]
        for _ in range(12)
    ]

    def one_way(mine: list[Described], theirs: list[Described]) -> float:
        if not mine:
            return 2.0 if theirs else 0.0
        total = 0.0
        for label, weight, feature in mine:
            cosines = [
                np.dot(feature, other) / np.linalg.norm(feature) / np.linalg.norm(other)
                for kind, _, other in theirs
                if kind == label
            ]
            total += weight * (1 - max(cosines) if cosines else 2)
        return float(total / sum(weight for _, weight, _ in mine))

    expected = [[(one_way(a, b) + one_way(b, a)) / 2 for b in images] for a in images]
    np.fill_diagonal(matrix := np.array(expected), 0)
    np.testing.assert_allclose(distances_of(boxes_of(images)), matrix, atol=1e-5)


def test_a_feature_that_is_not_a_number_names_its_image() -> None:
    """It would be at no distance from anything."""
    images = {"a": Image([Box(COW)]), "bad": Image([Box(COW, (np.nan, 1))])}
    with pytest.raises(BadDataError, match="image 'bad' has a detection"):
        select(images, 1)
