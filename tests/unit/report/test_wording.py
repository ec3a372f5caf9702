"""Numbers as a manager reads them."""

from job.report.analysis.statistics import Estimate
from job.report.wording import amount, counted, interval, listing, points, probability, rough


def test_numbers_in_words() -> None:
    """Hours for seconds, thousands with commas, p to three decimals, a list with "and"."""
    assert amount("annotation_seconds", 5400) == "1.5"
    assert (amount("boxes", 26_771), amount("money", 1250)) == ("26,771", "1,250.00")
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
