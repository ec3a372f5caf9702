"""Embeddings of a task's images, as directions."""

import numpy as np

from job.acquisition.features.embeddings import read_directions
from tests.unit.acquisition.records import Image, Labels, candidates, labelled, task_of


def test_directions_are_seen_from_the_mean_of_unlabelled_and_labelled_images() -> None:
    """Of (1, 2), (5, 2) and (3, 8), that is (3, 4): (-2, -2), (2, -2) and (0, 4) lead there."""
    known = labelled({"k": Image(embedding=(3, 8))}, {"cow": 1})
    pool = candidates({"b": Image(embedding=(5, 2)), "a": Image(embedding=(1, 2))}, 1)
    seen = read_directions(task_of(pool, known))
    assert (seen.ids, seen.labelled_ids) == (["a", "b"], ["k"])
    half = 0.5**0.5
    np.testing.assert_allclose(seen.points_NE, [[-half, -half], [half, -half]], atol=1e-3)
    assert seen.labelled_LE.tolist() == [[0, 1]]


def test_equal_embeddings_have_no_direction() -> None:
    """They are all at the mean: zeros, and not rounding that was scaled up."""
    copies = candidates({f"{number}": Image(embedding=(0.1, 0.7)) for number in range(7)}, 1)
    assert not read_directions(task_of(copies, Labels({"cow": 1}))).points_NE.any()
