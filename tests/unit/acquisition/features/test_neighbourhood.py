"""What picks stand for, on directions in the plane."""

from math import cos, radians, sin

import numpy as np

from job.acquisition.features.neighbourhood import describe_picks

NOTHING = np.zeros((0, 0), np.float16)


def at(*degrees: float) -> np.ndarray:
    return np.array([(cos(radians(each)), sin(radians(each))) for each in degrees], np.float16)


def test_an_image_is_stood_for_by_the_nearest_pick() -> None:
    """Picks at 0 and 90 degrees: 0, 10 and 40 are nearer to the first, and 50 to the second."""
    told = describe_picks(at(0, 90), at(0, 10, 40, 50), "4 images", NOTHING, [])
    assert told == [
        "stands for the 3 of 4 images nearest to it",
        "stands for the 1 of 4 images nearest to it",
    ]


def test_what_is_labelled_stands_for_its_neighbours() -> None:
    """Of 0, 10 and 40, the last is nearer to a label at 60, at which the pick's cosine is 1/2."""
    (told,) = describe_picks(at(0), at(0, 10, 40), "3 images", at(180, 60), ["far", "near"])
    assert told == (
        "stands for the 2 of 3 images nearest to it; most like the labelled near (cosine 0.50)"
    )


def test_a_copy_of_what_is_labelled_stands_for_nothing() -> None:
    """It was picked since nothing else was left."""
    (told,) = describe_picks(at(30), at(30, 31), "2 images", at(30), ["same"])
    assert told == "none of 2 images is nearest to it; most like the labelled same (cosine 1.00)"


def test_no_picks_have_no_reasons() -> None:
    """And no width of an embedding, if there are no images."""
    assert describe_picks(NOTHING, NOTHING, "0 images", NOTHING, []) == []
