"""ENMS and DivProto, by hand."""

from math import log

import numpy as np
import pytest

from job.acquisition.features.best_rows import BestRows
from job.acquisition.numerics.uncertainty import entropy
from job.acquisition.strategies.enms_divproto import EnmsDivproto, enms, prototypes_of
from job.acquisition.strategy import Images, Selection
from job.errors import BadDataError
from job.records.record_part import RecordPart
from tests.unit.acquisition.records import (
    Box,
    Image,
    Labels,
    candidates,
    reasons_of,
    record_of,
    task_of,
)

TORN = log(2)
"""The entropy of (1/2, 1/2), in nats; if two classes are equally probable, the first one counts."""
COW, SHEEP = [0.75, 0.25], [0.25, 0.75]
H = 0.75 * log(4 / 3) + 0.25 * log(4)
"""The entropy of both."""


def select(
    images: dict[str, Image], budget: int, counts: dict[str, int], **settings: object
) -> Selection:
    strategy = EnmsDivproto.model_validate(settings)
    known = Labels(counts)
    return strategy.select(task_of(candidates(images, len(counts)), known, budget))


def enms_of(images: dict[str, Image]) -> tuple[list[float], list[int]]:
    record = RecordPart(record_of(images, 2).to_table())
    scores, num_kept = enms(record, entropy(record.probabilities), 0.5)
    return scores.tolist(), num_kept.tolist()


def test_boxes_that_look_the_same_count_once() -> None:
    """Of a class: three alike are one, of the highest entropy; another class or look counts too."""
    images = {
        "alike": Image([Box(COW, (1, 0)), Box([0.5, 0.5], (2, 0)), Box(COW, (3, 0))]),
        "classes": Image([Box(COW, (1, 0)), Box(SHEEP, (1, 0))]),
        "none": Image(),
        "looks": Image([Box(COW, (1, 0)), Box(COW, (0, 1))]),
    }
    scores, num_kept = enms_of(images)
    assert scores == pytest.approx([TORN, 2 * H, 0, 2 * H])
    assert num_kept == [1, 2, 0, 2]


def test_silenced_boxes_silence_no_others() -> None:
    """(1, 0), (4, 3) / 5 and (0, 1): the first silences the second (0.8), not the third (0)."""
    images = {"a": Image([Box([0.5, 0.5], (1, 0)), Box(COW, (4, 3)), Box(COW, (0, 1))])}
    assert enms_of(images)[0] == pytest.approx([TORN + H])


def test_a_prototype_is_the_mean_feature_weighted_by_entropy() -> None:
    """Ln 2 (4, 0) + H (0, 4), of length 1; of a class that is certain, the plain mean."""
    images = {
        "a": Image([Box([0.5, 0.5], (4, 0)), Box(COW, (0, 4)), Box([0.0, 1.0], (3, 4))]),
        "other": Image([Box(COW)]),
    }
    given, strategy = candidates(images, 2), EnmsDivproto()
    reading = strategy.reading(task_of(given, Labels({"cow": 1, "sheep": 1})))
    found = prototypes_of(BestRows(given.record, strategy.reads, 1), reading, {"a"})
    assert list(found) == ["a"]
    made = found["a"]()
    np.testing.assert_allclose(made[0], np.array([TORN, H]) / np.hypot(TORN, H), rtol=1e-6)
    np.testing.assert_allclose(made[1], [0.6, 0.8], rtol=1e-6)


def test_rare_and_new_images_come_first() -> None:
    """Sheep are the minority (1 against 9 boxes), with a quota of 0.75 * 4 / 1 = 3 of 4 picks.

    Most worth: two cows. Then a sheep, its twin, a sheep of another look, and one more twin.
    """
    images = {
        "cows": Image([Box(COW, (1, 0)), Box(COW, (0, 1)), Box(COW, (-1, 0))]),
        "sheep 1": Image([Box(SHEEP, (1, 0)), Box(SHEEP, (-1, 0))]),
        "sheep 2": Image([Box([0.3, 0.7], (0, 1))]),
        "twin": Image([Box(SHEEP, (0, 2))]),
    }
    counts = {"cow": 9, "sheep": 1}
    selection = select(images, 4, counts, min_confidence=0.3)
    # "sheep 1" has prototype (0, 0) / 0: a mean of opposite looks is like nothing; it is new.
    assert selection.ids == ("sheep 1", "sheep 2", "cows", "twin")
    assert (
        reasons_of(selection)[0]
        == f"for class sheep: new of class sheep; 2 distinct boxes, entropy {2 * H:.2f}"
    )
    assert reasons_of(selection)[2].startswith("fills the budget by score; 3 distinct boxes")


def test_the_quota_of_a_minority_class_ends() -> None:
    """Budget 2, quota 0.75 * 2 = 1.5: two sheep may come first; at a quota of 0.5, one."""
    images = {
        "a cow": Image([Box(COW, (1, 0)), Box(COW, (0, 1))]),
        "sheep 1": Image([Box(SHEEP, (1, 0))]),
        "sheep 2": Image([Box(SHEEP, (0, 1))]),
    }
    counts = {"cow": 9, "sheep": 1}
    assert select(images, 2, counts).ids == ("sheep 1", "sheep 2")
    assert select(images, 2, counts, quota_share=0.5).ids == ("sheep 1", "a cow")


def test_a_minority_class_has_to_be_shown_with_confidence() -> None:
    """3/4 of an objectness of 3/8 is 9/32, which is not above 9/32; cows show sheep with 1/4."""
    images = {
        "cow": Image([Box(COW, (1, 0)), Box(COW, (0, 1))]),
        "sheep": Image([Box(SHEEP, objectness=0.375)]),
    }
    counts = {"cow": 9, "sheep": 1}
    assert select(images, 1, counts, min_confidence=9 / 32).ids == ("cow",)
    assert select(images, 1, counts, min_confidence=0.28).ids == ("sheep",)


def test_background_adds_nothing_to_an_image() -> None:
    """100 boxes at 0.25 of as many looks count if all do, and not if only objects do."""
    looks = [(float(np.cos(angle)), float(np.sin(angle))) for angle in np.arange(3) * 2.0]
    images = {
        "background": Image([Box([0.5, 0.5], look, objectness=0.5) for look in looks]),
        "object": Image([Box(COW)]),
    }
    counts = {"cow": 1, "sheep": 1}
    assert select(images, 1, counts).ids == ("object",)
    all_boxes: dict[str, object] = {"objects_only": False, "empty_score": 0, "rightness": False}
    assert select(images, 1, counts, quota_share=0, **all_boxes).ids == ("background",)
    assert select(images, 1, counts, quota_share=0).ids == ("object",)


def test_with_one_class_images_are_visited_by_the_doubt_whether_boxes_are_right() -> None:
    """Without labels that is the confidence: 0.5 before 1, whatever the ids."""
    images = {"a": Image([Box([1.0])]), "z": Image([Box([1.0], objectness=0.5)])}
    task = task_of(candidates(images, 1), Labels({"cow": 1}), 1)
    assert EnmsDivproto().select(task).ids == ("z",)
    assert EnmsDivproto(rightness=False).select(task).ids == ("a",)


def test_how_many_images_are_looked_at_together_does_not_matter(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Their features are held for a while; the picks are the same."""
    rng = np.random.default_rng(3)
    images = {
        f"{number:02d}": Image(
            [Box(rng.dirichlet([1, 1]).tolist(), rng.normal(size=2).tolist()) for _ in range(3)]
        )
        for number in range(20)
    }
    counts = {"cow": 2, "sheep": 1}
    expected = select(images, 9, counts)
    monkeypatch.setattr("job.acquisition.strategies.enms_divproto._LOOKAHEAD", 1)
    assert select(images, 9, counts) == expected


def test_half_of_the_classes_are_rare() -> None:
    """Rounded, a half up; at least one; of equally rare ones the first."""
    pick = EnmsDivproto()._minority  # noqa: SLF001 - the rule is worth a test of its own
    assert pick(task_of(Images(()), Labels({"a": 3, "b": 1, "c": 1}))) == [1, 2]
    assert pick(task_of(Images(()), Labels({"a": 3}))) == [0]
    assert pick(task_of(Images(()), Labels({"a": 1, "b": 1}))) == [0]


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_feature_that_is_not_a_number_names_its_image(value: float) -> None:
    """It would be like nothing, and always new."""
    images = {"a": Image([Box(COW)]), "bad": Image([Box(COW, (value, 1))])}
    with pytest.raises(BadDataError, match="image 'bad' has a detection"):
        select(images, 1, {"cow": 1, "sheep": 1})
