"""What the tutorial's runs cost."""

import pytest

from job.tutorial.costs import annotation_saved, net_saving


def test_the_tutorials_business_case() -> None:
    """5,000 images * 5 boxes * 0.07 a box = 1,750; less the fixed 500 it is 1,250."""
    assert annotation_saved(5000, 5, 0.07) == pytest.approx(1750)
    assert net_saving(5000, 5, 0.07, 500) == pytest.approx(1250)
