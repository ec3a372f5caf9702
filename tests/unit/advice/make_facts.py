"""Facts made by hand: a pool of different images, of which nothing is labelled."""

from dataclasses import replace
from typing import Any

import numpy as np

from job.acquisition.features.situation import Situation
from job.acquisition.numerics.near_duplicates import Redundancy
from job.advice.facts import Facts, Labels, Resolution

SITUATION = Situation(
    num_pool=1000,
    num_labelled=0,
    budget=50,
    num_groups=0,
    class_counts={"cow": 0, "sheep": 0},
    has_scores=False,
    redundancy=Redundancy(1000, 1, 100, 940.0),
)
FACTS = Facts(
    dataset="mine",
    next_round=0,
    num_unlabelled=1000,
    seen_by="the backbone at 320 px (hub)",
    is_pretrained=True,
    situation=SITUATION,
    labels=None,
    resolution=None,
    num_planned=None,
    pays_for_looking=True,
)
RESOLUTION = Resolution(
    are_of_test_images=False,
    model="ssd",
    size=128,
    below_default_box=0.0,
    below_cell=0.0,
    size_needed=96,
    image_side=640.0,
)


def facts(**changes: Any) -> Facts:
    """Return the facts with changes, of which some are of their situation."""
    of_situation = {name: changes.pop(name) for name in vars(SITUATION) if name in changes}
    return replace(FACTS, situation=replace(SITUATION, **of_situation), **changes)


def labels(*counts: int, num_images: int = 20, num_empty: int = 0) -> Labels:
    """Return labels with so many boxes of the classes a, b, c and so on."""
    names = "abcdefgh"[: len(counts)]
    return Labels(num_images, num_empty, dict(zip(names, counts, strict=True)), np.empty(0), 640.0)


def alike(share: float) -> Redundancy:
    """Return 1,000 different images of which a share has a near-duplicate."""
    return Redundancy(1000, 1, round(1000 * share), 1000 - 500 * share)
