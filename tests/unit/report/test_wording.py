"""Numbers as a manager reads them."""

import pytest

from job.report.analysis.intervals import Estimate
from job.report.wording import (
    amount,
    corrected,
    counted,
    interval,
    listing,
    p_cell,
    points,
    probability,
    rough,
    whole,
)


def test_numbers_in_words() -> None:
    """Hours for seconds, thousands with commas, three digits, a list with "and"."""
    assert amount("annotation_seconds", 5400) == "1.50"
    assert (amount("boxes", 26_771), amount("money", 1250)) == ("26,771", "1,250.00")
    assert (amount("boxes", 0), amount("images", 48.63)) == ("0", "48.6")
    assert points(-0.0123) == "-1.2 points"
    assert interval(Estimate(0.1, 0.05, 0.2, 5), -100, " %") == "95 % interval -20.0 to -5.0 %"
    assert interval(Estimate(0.1, None, None, 1)) == "one seed, so no interval"
    assert [probability(p) for p in (0.0004, 0.0461, None)] == [
        "p < 0.001",
        "p = 0.046",
        "not tested",
    ]
    assert [listing(names) for names in (["a"], ["a", "b"], [1, 2, 3])] == [
        "a",
        "a and b",
        "1, 2 and 3",
    ]
    assert (counted(1, "seed"), counted(2, "seed")) == ("1 seed", "2 seeds")


@pytest.mark.parametrize(
    ("p", "shown"),
    [(0.0497, "0.0497"), (0.04999, "0.04999"), (0.0503, "0.050"), (0.0004, "< 0.001"), (None, "")],
)
def test_a_p_below_5_percent_is_never_shown_as_5_percent(p: float | None, shown: str) -> None:
    """Whoever reads "beats" beside it would wonder."""
    assert p_cell(p) == shown


def test_a_corrected_p_is_called_so() -> None:
    """With an equals sign only if there is a number."""
    assert corrected(0.0497) == "corrected p = 0.0497"
    assert corrected(0.0001) == "corrected p < 0.001"


def test_round_points() -> None:
    """One is a point, and others are points."""
    assert [whole(each) for each in (0.01, 0.005, 0.02)] == ["1 point", "0.5 points", "2 points"]


def test_an_interval_of_another_level() -> None:
    """And with as many decimals as wanted."""
    found = Estimate(0.1, 0.05, 0.2, 5)
    assert interval(found, 100, " %", decimals=0, level=90) == "90 % interval 5 to 20 %"


def test_what_is_known_roughly_has_two_digits() -> None:
    """No false precision, and no exponent: 1,234 images are about 1,200."""
    assert [rough(value) for value in (1234, 99.6, 12.4, 9.87, 0.567, 0.046, 0)] == [
        "1,200",
        "100",
        "12",
        "9.9",
        "0.57",
        "0.046",
        "0",
    ]
