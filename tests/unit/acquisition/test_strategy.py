"""The contract of strategies."""

import numpy as np
import pytest

from job.acquisition.strategy import Scores
from job.errors import BadDataError


@pytest.mark.parametrize("ids", [["b", "a"], ["a", "a"]])
def test_scores_are_in_ascending_order_of_the_ids(ids: list[str]) -> None:
    """`product` and `uwe` combine them row by row, so another order would mix up images."""
    with pytest.raises(BadDataError, match="ascending order of the ids: 'a' comes after"):
        Scores(ids, np.zeros(2), str)


def test_each_image_has_one_score() -> None:
    """A score without an image would be somebody else's."""
    with pytest.raises(BadDataError, match="3 scores to 2 images"):
        Scores(["a", "b"], np.zeros(3), str)
