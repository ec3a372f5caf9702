"""PAL, by hand."""

from math import log

import numpy as np
import pytest

from job.acquisition.strategies.pal import Pal
from job.acquisition.strategies.pal_scores import (
    ClassCandidates,
    Weights,
    greedy,
    min_max,
    published,
)
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

COUNTS = {"cow": 3, "sheep": 1}
NOTHING = Labels(COUNTS)
EVEN = Labels({"cow": 0, "sheep": 1})
"""With cows alone predicted, both classes are equally rare: r = 1/2."""
COW, SHEEP = [1.0, 0.0], [0.0, 1.0]


def select(
    images: dict[str, Image], budget: int, known: Labels = NOTHING, **settings: object
) -> Selection:
    """By rarity as published, and by all boxes."""
    as_published = {"min_confidence": 0, "class_weights": False, "empty_score": -1}
    strategy = Pal.model_validate({**as_published, **settings})
    return strategy.select(task_of(candidates(images, 2), known, budget))


def binary(p: float) -> float:
    return -p * log(p) - (1 - p) * log(1 - p)


def test_without_labels_the_confidence_is_the_probability_of_being_right() -> None:
    """One class has one pick: the entropy of 0.5 is higher than those of 0.9 and 0.2."""
    confidences = {"a": 0.9, "b": 0.5, "c": 0.2}
    images = {name: Image([Box(COW, objectness=p)]) for name, p in confidences.items()}
    selection = select(images, 1, EVEN)
    assert selection.ids == ("b",)
    assert reasons_of(selection)[0] == (
        f"for class cow (rarity 0.50): 1 box, entropy of being right {log(2):.2f} of at most "
        f"{log(2):.2f} nats"
    )


def known_of(outcomes: dict[float, list[bool]], label: int = 0) -> Labels:
    """Labelled images with one detection each, of a confidence, right or wrong."""
    p = [[1.0, 0.0], [0.0, 1.0]][label]
    images = {
        f"{confidence} {number}": Image(
            [Box(p, objectness=confidence, truth=0 if right else -1, iou=float(right))],
            truth_classes=(label,),
        )
        for confidence, rights in outcomes.items()
        for number, right in enumerate(rights)
    }
    return labelled(images, COUNTS)


def test_a_class_learns_when_its_boxes_are_right() -> None:
    """At 0.9 one of two is right, at 0.1 none of four: the surest box is the uncertain one."""
    known = known_of({0.9: [True, False] * 4, 0.1: [False] * 16})
    images = {"sure": Image([Box(COW, objectness=0.9)]), "half": Image([Box(COW, objectness=0.5)])}
    assert select(images, 1, known, ridge=0.01).ids == ("sure",)
    assert select(images, 1, known, ridge=0.01, min_detections=100).ids == ("half",)


def test_a_class_with_too_few_detections_takes_the_regression_of_all() -> None:
    """Sheep have none; what cows taught holds for them."""
    known = known_of({0.9: [True, False] * 4, 0.1: [False] * 16})
    images = {
        "sure": Image([Box(SHEEP, objectness=0.9)]),
        "half": Image([Box(SHEEP, objectness=0.5)]),
    }
    assert select(images, 1, known, ridge=0.01).ids == ("sure",)


def test_one_sided_outcomes_teach_nothing() -> None:
    """The probability is then the confidence, and 0.5 is the least certain."""
    known = known_of({0.9: [True] * 10})
    images = {"sure": Image([Box(COW, objectness=0.9)]), "half": Image([Box(COW, objectness=0.5)])}
    assert select(images, 1, known).ids == ("half",)


def test_each_class_has_its_share() -> None:
    """Labelled 3 to 1 and predicted alike: r = 3/8 and 5/8 of 1, so of 3 picks 1 and 2."""
    images = {
        **{f"cow {n}": Image([Box(COW, objectness=0.5)]) for n in range(3)},
        **{f"sheep {n}": Image([Box(SHEEP, objectness=0.6)]) for n in range(3)},
    }
    selection = select(images, 3)
    assert selection.ids == ("cow 0", "sheep 0", "sheep 1")


def test_by_default_budgets_follow_the_weights_of_classes() -> None:
    """Labelled 3 to 1, a mean of 2: weights 2/3 and 2, so of 4 picks 1 and 3."""
    images = {
        **{f"cow {n}": Image([Box(COW, objectness=0.5)]) for n in range(4)},
        **{f"sheep {n}": Image([Box(SHEEP, objectness=0.6)]) for n in range(4)},
    }
    task = task_of(candidates(images, 2), NOTHING, 4)
    assert sorted(Pal().select(task).ids) == ["cow 0", "sheep 0", "sheep 1", "sheep 2"]
    assert len([each for each in select(images, 4).ids if "cow" in each]) == 2


def test_by_default_background_is_nobodys_candidate() -> None:
    """A box at 0.25 would be more uncertain than one at 0.9; it is below 0.3."""
    images = {"a": Image([Box(COW, objectness=0.25)]), "b": Image([Box(COW, objectness=0.9)])}
    assert Pal().select(task_of(candidates(images, 2), NOTHING, 1)).ids == ("b",)
    assert select(images, 1).ids == ("a",)


def test_images_without_a_box_fill_the_budget_at_random() -> None:
    """Their score is the 0.1 quantile of the others', here of one alone."""
    images = {f"{number:02d}": Image() for number in range(40)}
    images["seen"] = Image([Box(COW, objectness=0.5)])
    first, second = (
        Pal().select(task_of(candidates(images, 2), NOTHING, 9, seed)) for seed in (1, 2)
    )
    assert first.ids[0] == second.ids[0] == "seen"
    assert set(first.ids) != set(second.ids)
    assert scores_of(first)[1:] == pytest.approx((log(2),) * 8)


def some(
    uncertainty: list[float], looks: list[list[float]], rare: list[list[float]] | None = None
) -> ClassCandidates:
    rare_entropy, rare_classes = np.array(rare or [[0.0] * len(looks)] * 2, np.float64)
    return ClassCandidates(
        np.array(uncertainty), np.array(looks, np.float32), rare_entropy, rare_classes, None
    )


def test_as_published_an_image_is_held_against_the_more_uncertain() -> None:
    """By weights 0.5 and 0.1, without any scale for the uncertainty: 0.4, 0.25, 0.3, 0.12.

    The second is the first's twin; the third is unlike both; the last is at cosine 0.6 to these two
    and 0.8 to the third.

    1 - cosine: 1 for the first, which is like none, then 0, 1 and 0.2.
    """
    candidates = some([0.6, 0.5, 0.4, 0.2], [[1, 0], [1, 0], [0, 1], [0.6, 0.8]])
    places, scores = published(candidates, 3, Weights(0.5, 0.1, 0.0))
    assert places.tolist() == [0, 2, 1]
    np.testing.assert_allclose(scores, [0.4, 0.3, 0.25], atol=1e-7)


def test_the_two_sums_of_rarity_have_a_scale_each() -> None:
    """10, 0, 5 become 1, 0, 0.5, and 1, 3, 2 become 0, 1, 0.5: all are equal."""
    candidates = some([0.5] * 3, [[1, 0]] * 3, [[10, 0, 5], [1, 3, 2]])
    for pick in (published, greedy):
        places, scores = pick(candidates, 1, Weights(0.0, 0.0, 0.04))
        assert places.tolist() == [0]
        assert scores.tolist() == pytest.approx([0.04])


def test_greedy_holds_an_image_against_the_picks() -> None:
    """After a its twin is at cosine 1, d at 0.6 and c at 0; c taken, d is at 0.8 and b at 1."""
    candidates = some([0.5] * 4, [[1, 0], [1, 0], [0, 1], [0.6, 0.8]])
    places, scores = greedy(candidates, 4, Weights(0.9, 0.02, 0.0))
    assert places.tolist() == [0, 2, 3, 1]
    assert scores.tolist() == pytest.approx([0, 0.02, 0.02, 0])


def test_greedy_knows_the_picks_of_earlier_classes() -> None:
    """The cows' pick looks like b, so the sheep's is c: half of 2 each, cows first."""
    images = {
        "a": Image([Box(COW, objectness=0.5)], (1, 0)),
        "b": Image([Box(SHEEP, objectness=0.5)], (1, 0)),
        "c": Image([Box(SHEEP, objectness=0.5)], (0, 1)),
    }
    known = Labels({"cow": 0, "sheep": 0})
    selection = select(images, 2, known, scoring="greedy")
    assert set(selection.ids) == {"a", "c"}
    assert set(select(images, 2, known).ids) == {"a", "b"}


def test_how_many_cosines_are_computed_at_once_does_not_matter(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One row at a time, the picks are the same."""
    rng = np.random.default_rng(0)
    units = rng.normal(size=(7, 3)).astype(np.float32)
    candidates = some(list(np.linspace(0.6, 0.1, 7)), units.tolist())
    whole = published(candidates, 7, Weights(0.9, 0.5, 0.0))
    monkeypatch.setattr("job.acquisition.numerics.cosine._BLOCK", 1)
    assert published(candidates, 7, Weights(0.9, 0.5, 0.0))[0].tolist() == whole[0].tolist()


def test_picks_come_by_their_score() -> None:
    """The rare sheep choose first; the cows' pick is more uncertain."""
    images = {
        "cow": Image([Box(COW, objectness=0.5)]),
        "sheep": Image([Box(SHEEP, objectness=0.9)]),
    }
    selection = select(images, 2)
    assert selection.ids == ("cow", "sheep")
    assert scores_of(selection) == pytest.approx((0.9 * log(2), 0.9 * binary(0.9)), rel=1e-3)


def test_what_a_class_cannot_take_goes_to_the_others() -> None:
    """No sheep in sight: their share is the cows', and images without boxes come last."""
    images = {
        "none": Image(),
        "half": Image([Box(COW, objectness=0.5)]),
        "sure": Image([Box(COW, objectness=0.99)]),
        "third": Image([Box(COW, objectness=0.3)]),
    }
    selection = select(images, 4)
    assert selection.ids == ("half", "third", "sure", "none")
    assert reasons_of(selection)[3] == "fills the budget: no box that counts"
    assert all(reason.startswith("for class cow") for reason in reasons_of(selection)[:3])


def test_what_two_classes_want_is_picked_once() -> None:
    """Both classes see a alone: the first takes it, and c is there to fill."""
    both = [Box(COW, objectness=0.5), Box(SHEEP, objectness=0.5)]
    selection = select({"a": Image(both), "c": Image()}, 2)
    assert selection.ids == ("a", "c")
    assert reasons_of(selection)[1] == "fills the budget: no box that counts"


def test_the_regression_does_not_depend_on_the_order_of_rows() -> None:
    """Not in the last bit."""
    rng = np.random.default_rng(3)
    rows = [
        (float(p), bool(right))
        for p, right in zip(rng.random(60), rng.random(60) < 0.4, strict=True)
    ]
    there, back = (
        labelled(
            {
                str(number): Image(
                    [Box(COW, objectness=p, truth=0 if right else -1, iou=float(right))],
                    truth_classes=(0,),
                )
                for number, (p, right) in enumerate(order)
            },
            COUNTS,
        )
        for order in (rows, rows[::-1])
    )
    first, second = (
        Pal().fit(task_of(Images(()), there)).by_class[0],
        Pal().fit(task_of(Images(()), back)).by_class[0],
    )
    assert first is not None
    assert second is not None
    assert (first.intercept, first.weights.tolist()) == (second.intercept, second.weights.tolist())


def test_a_hit_needs_the_overlap_that_is_set() -> None:
    """With 0.7, boxes at 0.6 are all wrong: one-sided, and nothing is learnt."""
    images = {
        f"{number}": Image(
            [Box(COW, objectness=0.5, truth=0, iou=0.6 if number % 2 else 0.1)], truth_classes=(0,)
        )
        for number in range(20)
    }
    known = labelled(images, COUNTS)
    assert Pal().fit(task_of(Images(()), known)).by_class[0] is not None
    assert Pal(iou_threshold=0.7).fit(task_of(Images(()), known)).by_class[0] is None


def test_a_labelled_record_of_other_classes_is_refused() -> None:
    """Three in the record, two in the labels."""
    images = {"a": Image([Box([0.5, 0.3, 0.2])], truth_classes=(0,))}
    table = record_of(images, 3, with_truth=True).to_table()
    with pytest.raises(BadDataError, match="3 classes"):
        Pal().fit(task_of(Images(()), Labels(COUNTS, Images(("a",), TableRecord((table,))))))


@pytest.mark.parametrize(
    ("how", "expected"), [("max", binary(0.5)), ("sum", binary(0.5) + binary(0.9))]
)
def test_an_images_boxes_of_a_class_are_combined(how: str, expected: float) -> None:
    """The highest, or the sum; another image's few boxes are told apart by it."""
    images = {"a": Image([Box(COW, objectness=0.5), Box(COW, objectness=0.9)])}
    reason = reasons_of(select(images, 1, aggregation=how))[0]
    bound = f"of at most {log(2):.2f} nats" if how == "max" else "nats in all"
    assert reason.endswith(f"entropy of being right {expected:.2f} {bound}")


def test_a_confidence_is_at_most_1() -> None:
    """A sum in single precision may be a little more, and an entropy of it below 0."""
    images = {"a": Image([Box(COW, objectness=1.0000001)])}
    assert scores_of(select(images, 1))[0] == 0
    assert reasons_of(select(images, 1))[0].endswith(f"right 0.00 of at most {log(2):.2f} nats")


def test_scaling_reaches_from_0_to_1() -> None:
    """The lowest is 0, the highest 1; equal ones are 0, and none is none."""
    assert min_max(np.array([2.0, 4.0, 3.0])).tolist() == [0.0, 1.0, 0.5]
    assert min_max(np.array([2.0, 2.0])).tolist() == [0.0, 0.0]
    assert min_max(np.zeros(0)).tolist() == []
