"""Picking the best images, or the best of fixed batches."""

from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from job.acquisition.numerics.top_k import best_batches, top_k


def test_the_best_images_come_first_and_ties_by_id() -> None:
    """Rows are in the order of ids, so of equal scores the lower row is taken."""
    scores = np.array([1.0, 3.0, 2.0, 3.0, 2.0])
    assert top_k(scores, 4).tolist() == [1, 3, 2, 4]


def test_a_batch_is_worth_the_sum_of_its_images() -> None:
    """The best single image is left where its batch is poor; within a batch the best is first."""
    scores = np.array([9.0, 0.0, 5.0, 5.0, 6.0, 3.0])
    order = np.array([0, 1, 2, 3, 5, 4])  # batches {0, 1}: 9; {2, 3}: 10; {5, 4}: 9
    picks = best_batches(scores, order, batch_size=2, budget=4)
    # Of the two batches worth 9 the first of the cut is taken.
    assert picks.rows.tolist() == [2, 3, 0, 1]
    assert picks.ranks.tolist() == [0, 0, 1, 1]
    assert picks.worth.tolist() == [10.0, 10.0, 9.0, 9.0]
    assert picks.num_batches == 3


def test_the_last_batch_is_cut_to_its_highest_scores() -> None:
    """A budget that is not a multiple of the batch size is filled exactly."""
    scores = np.array([1.0, 2.0, 3.0, 0.5, 0.25, 0.125])
    picks = best_batches(scores, np.arange(6), batch_size=3, budget=4)
    assert picks.rows.tolist() == [2, 1, 0, 3]


def test_the_last_batch_of_the_cut_may_be_smaller() -> None:
    """Seven images in threes: the seventh is a batch of its own, worth its own score."""
    scores = np.array([1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 5.0])
    picks = best_batches(scores, np.arange(7), batch_size=3, budget=2)
    assert picks.rows.tolist() == [6, 0]
    assert picks.worth.tolist() == [5.0, 3.0]


def test_no_images() -> None:
    """Nothing to cut, nothing to pick."""
    assert best_batches(np.zeros(0), np.arange(0), batch_size=3, budget=2).rows.tolist() == []


@given(
    st.lists(st.integers(0, 3), max_size=30), st.integers(1, 7), st.integers(0, 35), st.randoms()
)
def test_it_is_what_sorting_lists_gives(
    scores: list[int], size: int, budget: int, random: Random
) -> None:
    """The same picks as from batches that are lists, sorted by their sums."""
    order = list(range(len(scores)))
    random.shuffle(order)
    batches = [order[start : start + size] for start in range(0, len(order), size)]
    batches.sort(key=lambda batch: -sum(scores[row] for row in batch))
    expected = [
        row for batch in batches for row in sorted(batch, key=lambda row: (-scores[row], row))
    ][:budget]
    picks = best_batches(np.array(scores, float), np.array(order, int), size, budget)
    assert picks.rows.tolist() == expected


@pytest.mark.parametrize("budget", [0, 5, 9])
def test_a_budget_of_any_size(budget: int) -> None:
    """Nothing, exactly all, or more than there are."""
    scores = np.arange(5.0)
    assert len(top_k(scores, budget)) == min(budget, 5)
    assert len(best_batches(scores, np.arange(5), 2, budget).rows) == min(budget, 5)


def test_equal_scores_may_have_an_order_of_their_own() -> None:
    """The highest first; of equal ones the lowest in that order, and then the first row."""
    scores, ties = np.array([1.0, 2, 1, 1, 1]), np.array([0.5, 9, 0, 0, 0.25])
    assert top_k(scores, 5, ties).tolist() == [1, 2, 3, 4, 0]
    assert top_k(scores, 2, ties).tolist() == [1, 2]


@pytest.mark.parametrize("budget", [0, 1, 7, 50, 199, 200, 300])
@pytest.mark.parametrize("with_ties", [False, True])
def test_the_highest_are_those_of_a_sort(budget: int, *, with_ties: bool) -> None:
    """Of scores of which many are equal and some are no numbers: as Python's stable sort has it."""
    rng = np.random.default_rng(0)
    scores = rng.integers(9, size=200).astype(np.float64)
    scores[::50] = np.nan
    ties = rng.integers(3, size=200).astype(np.float64) if with_ties else np.zeros(200)

    def order(row: int) -> tuple[bool, float, float]:
        is_nan = bool(np.isnan(scores[row]))
        return is_nan, 0.0 if is_nan else -scores[row], ties[row]

    found = top_k(scores, budget, ties if with_ties else None)
    assert found.tolist() == sorted(range(200), key=order)[:budget]
