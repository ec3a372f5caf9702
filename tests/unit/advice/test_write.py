"""Advice as lines, and as JSON."""

import json
from typing import Any

import pytest

from job.acquisition.numerics.near_duplicates import Redundancy
from job.advice.facts import Facts
from job.advice.judgement import advise
from job.advice.write import lines_of, to_json
from tests.unit.advice.make_facts import RESOLUTION, alike, facts, labels


def lines(known: Facts) -> list[str]:
    return list(lines_of(known, advise(known)))


def test_a_pool_without_labels() -> None:
    """The whole answer."""
    assert lines(facts()) == [
        "mine: 1,000 images, none labelled, 2 classes",
        "  seen by         the backbone at 320 px (hub)",
        (
            "  redundancy      10 % of 1,000 images are near-duplicates of another "
            "one; all of them show as much as 940 different images"
        ),
        "  without objects unknown: nothing is labelled or scored",
        "  classes         unknown: nothing is labelled",
        (
            "  budget          unknown: no experiment is named; training begins from "
            "pretrained weights"
        ),
        "  box sizes       unknown: no box is labelled",
        "",
        (
            "Random is as good, unless some classes are rare or many images show no object. "
            "That is not known yet."
        ),
        "- cold start: `balanced_herding`, as covering the pool comes first",
        (
            "- arms: `recommended`, the default, which then selects by `balanced_herding`, as "
            "covering the pool comes first"
        ),
        *(f"- note: {each}" for each in advise(facts()).remarks),
    ]


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"num_labelled": 40}, "mine: 1,000 images, 40 labelled, 2 classes"),
        ({"num_groups": 7}, "  groups          7"),
        (
            {"num_unlabelled": 9000},
            (
                "  redundancy      10 % of 1,000 images that were compared, of 9,000 "
                "unlabelled ones, are near-duplicates of another one; all of them show as "
                "much as 940 different images"
            ),
        ),
        (
            {"redundancy": Redundancy(9, 8, 9, 1.5)},
            (
                "  redundancy      unknown: 8 of 9 images that were compared, of 1,000 "
                "unlabelled ones, have the same embedding"
            ),
        ),
        ({"redundancy": Redundancy(0, 0, 0, 0)}, "  redundancy      no unlabelled image is left"),
        (
            {"empty_share": 0.25},
            "  without objects 25 % of the unlabelled images, as estimated from scores and labels",
        ),
        ({"labels": labels(9, num_empty=5)}, "  without objects 25 % of 20 labelled images"),
        ({"labels": labels(9)}, "  classes         9 boxes in 20 labelled images"),
        (
            {"labels": labels(1200, 0, 3, 4, 5, 6, 7)},
            (
                "  classes         1,225 boxes in 20 labelled images; most frequent: a "
                "(1,200); rare: b (0), c (3), d (4), e (5), f (6) and 1 more"
            ),
        ),
        (
            {"labels": labels(8, 8)},
            "  classes         16 boxes in 20 labelled images; most frequent: a (8); none is rare",
        ),
        (
            {"labels": labels(15, 0)},
            "  classes         15 boxes in 20 labelled images: too few to say which are rare",
        ),
        (
            {"num_labelled": 50, "num_planned": 400, "is_pretrained": False},
            (
                "  budget          100 labelled images after the next round (50 a class), "
                "400 in the end (200 a class); training begins from random weights"
            ),
        ),
        (
            {"num_labelled": 400, "budget": 0, "num_planned": 400},
            "  budget          400 labelled images (200 a class), and no round is left",
        ),
        (
            {"resolution": RESOLUTION},
            (
                "  box sizes       at 128 px, 0 % of the labelled boxes have a side of fewer than "
                "16 px, and 0 % are smaller than the smallest default box of ssd"
            ),
        ),
    ],
)
def test_what_was_found_has_a_line(changes: dict[str, Any], line: str) -> None:
    """With what it rests on."""
    assert line in lines(facts(**changes))


def test_random_is_named_where_it_is_as_good() -> None:
    """With what that rests on; not where that is open."""
    known = facts(labels=labels(50, 50), next_round=1)
    (evidence,) = advise(known).evidence
    assert lines(known)[-2:] == [
        (
            "- arms: `recommended`, the default, which then selects by `balanced_herding`; or "
            "`random`, which needs no scores"
        ),
        f"- evidence: {evidence.says} ({evidence.source})",
    ]
    assert "or `random`" not in "".join(lines(facts()))


def test_random_is_not_named_as_good_where_a_selection_should_pay() -> None:
    """Nor is a cold start once round 0 is over."""
    told = "\n".join(lines(facts(redundancy=alike(0.9), next_round=2)))
    assert "or `random`" not in told
    assert "cold start" not in told


def test_json_has_the_same() -> None:
    """Numbers as numbers, and a format."""
    known = facts(labels=labels(90, 2), resolution=RESOLUTION, empty_share=0.0)
    found = json.loads(to_json(known, advise(known)))
    assert found["format"] == 1
    assert found["selection_pays"] is True
    assert found["because"] == ["rare"]
    assert found["cold_start"] == {
        "strategy": "balanced_herding",
        "why": "covering the pool comes first",
    }
    assert found["facts"]["labels"]["rare_classes"] == ["b"]
    assert found["facts"]["redundancy"]["effective_number"] == 940
    assert found["facts"]["resolution"]["size_needed"] == 96
    assert json.loads(to_json(facts(), advise(facts())))["facts"]["labels"] is None
