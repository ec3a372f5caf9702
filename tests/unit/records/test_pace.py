"""How fast stages go through their images."""

from job.records.pace import NO_PACE, Pace


def test_processes_together_have_the_speed_of_one() -> None:
    """Partitions of 60 images in 3 s and 40 in 2 s: 20 a second each; the larger memory counts."""
    both = Pace(60, 3.0, 1.5, 2048) + Pace(40, 2.0, 0.0, 1024)
    assert both == Pace(100, 5.0, 1.5, 2048)
    assert (both.images_per_second, both.waiting_share) == (20.0, 0.3)


def test_a_log_line_has_what_was_measured() -> None:
    """Without a GPU there is no memory of one, and without images there is nothing."""
    assert Pace(30, 4.0, 1.0, 0).figures == {"images_per_second": 7.5, "waiting_share": 0.25}
    assert Pace(30, 4.0, 1.0, 512).figures["gpu_mib"] == 512
    assert NO_PACE.figures == {}
    assert (NO_PACE.images_per_second, NO_PACE.waiting_share) == (0.0, 0.0)
