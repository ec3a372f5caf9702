"""Streams of random numbers."""

from job.runtime.rng import random_stream


def test_a_stream_depends_on_its_purpose_alone() -> None:
    """The same words give the same stream, other words another."""
    draw = random_stream(1, 2, "select").random(4).tolist()
    assert random_stream(1, 2, "select").random(4).tolist() == draw
    assert random_stream(1, 2, "train").random(4).tolist() != draw
    assert random_stream(2, 1, "select").random(4).tolist() != draw
