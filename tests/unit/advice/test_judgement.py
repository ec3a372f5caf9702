"""Whether a selection should pay, and what to take."""

from dataclasses import replace
from typing import Any

import pytest

from job.acquisition.numerics.near_duplicates import Redundancy
from job.advice.judgement import ASK_AGAIN, advise, rare_classes, verdict_of
from tests.unit.advice.make_facts import RESOLUTION, alike, facts, labels

KNOWN = {"labels": labels(100, 90), "empty_share": 0.1, "has_scores": True, "num_labelled": 20}
"""Nothing by which a selection could pay."""


@pytest.mark.parametrize(
    ("changes", "holds", "words"),
    [
        ({}, (), "Random is as good: few images are alike, no class is rare, and few images"),
        ({"redundancy": alike(0.19)}, (), "Random is as good"),
        ({"redundancy": alike(0.2)}, ("redundant",), "should save labels: many images are alike."),
        ({"labels": labels(90, 10, 8, 16, 26)}, (), "Random is as good"),
        ({"labels": labels(90, 10, 7, 17, 26)}, ("rare",), "save labels: some classes are rare."),
        ({"empty_share": 0.2}, ("empty",), "should save labels: many images show no object."),
        (
            {"redundancy": alike(0.9), "empty_share": 0.5},
            ("redundant", "empty"),
            "many images are alike and many images show no object.",
        ),
    ],
)
def test_a_selection_pays_by_any_of_three_conditions(
    changes: dict[str, Any], holds: tuple[str, ...], words: str
) -> None:
    """And where none of them holds, random is as good, and the advice says so."""
    advice = advise(facts(**KNOWN | changes))
    assert advice.holds == holds
    assert words in verdict_of(advice)
    assert advice.unknown == ()
    assert len(advice.evidence) == max(len(holds), 1)


def test_what_is_not_known_is_said() -> None:
    """Before any label, only embeddings say something; few labels say nothing of classes."""
    for changes in ({}, {"labels": labels(15, 0), "empty_share": 0.0}):
        advice = advise(facts(**changes))
        assert "rare" in advice.unknown
        assert verdict_of(advice).startswith("Random is as good, unless some classes are rare")
        assert advice.evidence == ()
        assert advice.remarks[0] == ASK_AGAIN
    open_ones = "some classes are rare or many images show no object"
    told = f"Random is as good, unless {open_ones}. That is not known yet."
    assert verdict_of(advise(facts())) == told
    told = verdict_of(advise(facts(redundancy=alike(0.9))))
    assert told.endswith(f"many images are alike. Whether {open_ones} is not known yet.")
    assert advise(facts(labels=labels(16, 0), empty_share=0.0)).holds == ("rare",)


def test_where_nothing_is_known_nothing_is_claimed() -> None:
    """Embeddings of random weights say nothing, and no publication is about that."""
    advice = advise(facts(redundancy=Redundancy(600, 380, 500, 100.0), is_pretrained=False))
    assert advice.unknown == ("redundant", "rare", "empty")
    assert "unless many images are alike, some classes are rare or many" in verdict_of(advice)
    assert advice.evidence == ()
    assert advice.cold_start.arm.strategy == "random"
    assert advice.next_rounds.arm.strategy == "balanced_herding"
    assert any("random weights" in each for each in advice.remarks)


def test_strategies_are_those_of_recommended() -> None:
    """For round 0 and for the next rounds, by what is known of empty images."""
    advice = advise(facts(labels=labels(20, 20, num_empty=18)))
    assert advice.cold_start.arm.strategy == "balanced_herding"
    assert advice.next_rounds.arm.strategy == "presence"
    scored = advise(facts(**KNOWN | {"empty_share": 0.6, "labels": labels(20, 20)}))
    assert scored.next_rounds.arm.strategy == "presence"
    assert scored.cold_start.arm.strategy == "balanced_herding"  # `presence` needs scores
    nothing_left = advise(facts(**KNOWN | {"redundancy": Redundancy(0, 0, 0, 0.0)}))
    assert "redundant" in nothing_left.unknown


def test_a_single_class_is_never_rare() -> None:
    """So nobody is told to wait until more is known of it."""
    advice = advise(facts(class_counts={"cow": 0}))
    assert advice.unknown == ("empty",)
    assert "rare" not in verdict_of(advice)


def test_a_class_is_rare_below_a_quarter_of_the_mean() -> None:
    """The rarest comes first; a single class never is, and one that nobody saw is."""
    assert rare_classes(labels(100, 14, 12, 10)) == []
    assert rare_classes(labels(100, 6, 0, 6)) == ["c", "b", "d"]
    assert rare_classes(labels(8)) == []
    assert rare_classes(labels(15, 0)) is None


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"redundancy": alike(0.5)}, "frames of videos or copies, say so by --groups"),
        ({"empty_share": 0.5, "pays_for_looking": False}, "empty images cost nothing"),
        ({"num_planned": 500}, "500 of 1,000 images are to be labelled"),
        (
            {"resolution": replace(RESOLUTION, below_default_box=0.1)},
            "10 % of the labelled boxes are smaller",
        ),
        (
            {"resolution": replace(RESOLUTION, below_cell=0.1, are_of_test_images=True)},
            "10 % of the boxes of test images have a side of fewer than 16 px",
        ),
        ({"resolution": replace(RESOLUTION, below_cell=0.1)}, "At 96 px, nine of ten have them. C"),
        (
            {"resolution": replace(RESOLUTION, below_cell=0.1, image_side=64.0)},
            "The images themselves have 64 px",
        ),
    ],
)
def test_what_else_to_think_of_is_remarked(changes: dict[str, Any], words: str) -> None:
    """Once it is worth it."""
    (remark,) = advise(facts(**KNOWN | changes)).remarks
    assert words in remark


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"redundancy": alike(0.5), "num_groups": 3},
        {"empty_share": 0.5},
        {"num_planned": 499},
        {"resolution": RESOLUTION},
        {"resolution": replace(RESOLUTION, below_default_box=None)},
    ],
)
def test_what_is_as_it_should_be_gets_no_remark(changes: dict[str, Any]) -> None:
    """So that those that are there are read."""
    assert advise(facts(**KNOWN | changes)).remarks == ()
