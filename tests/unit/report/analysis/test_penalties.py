"""How often arms beat each other."""

import pytest
from scipy import stats

from job.report.analysis.comparison import compare
from job.report.analysis.penalties import penalties
from tests.unit.report.make_curves import BASE, NOISE, added, curves


def test_penalties_by_hand() -> None:
    """Arm a beats random at both budgets, b at one; a beats b at the other; the rest is noise."""
    all_curves = [
        *curves("random", BASE),
        *curves("a", added([0, 0.1, 0.1])),
        *curves("b", added([0, 0.1, 0])),
    ]
    found = penalties(all_curves)
    assert found.arms == ("random", "a", "b")
    assert found.beats == ((None, 0, 0), (1.0, None, 1.0), (1.0, 0, None))
    assert found.num_budgets == ((0, 2, 1), (2, 0, 1), (1, 1, 0))
    assert found.beaten == (1.0, 0.0, 0.5)


def test_penalties_of_noise() -> None:
    """A budget where the difference is not significant counts in the denominator alone."""
    mixed = [[first, 0.1 + 0.001 * second, last] for first, second, last in NOISE]
    found = penalties([*curves("random", BASE), *curves("a", added(mixed))])
    assert found.beats == ((None, 0.0), (0.5, None))


def test_penalties_are_not_corrected() -> None:
    """As in BADGE: p = 0.03 counts, though with two budgets Holm's correction has 0.06."""
    one = [[0.0, each, noise[2]] for each, noise in zip((5, 1, 4, 2, 8), NOISE, strict=True)]
    arm = added([[first, 0.01 * second, last] for first, second, last in one])
    p = float(stats.ttest_rel([row[1] for row in arm], [row[1] for row in BASE]).pvalue)
    assert 0.025 < p < 0.05
    both = [*curves("random", BASE), *curves("a", arm)]
    assert penalties(both).beats[1][0] == 0.5
    assert compare(both).differences[1].p_holm == pytest.approx(2 * p)


def test_penalties_need_five_seeds() -> None:
    """With four nothing is claimed, so there is no number."""
    found = penalties([*curves("random", BASE[:4]), *curves("a", added([0, 0.1, 0.1])[:4])])
    assert found.beats == ((None, None), (None, None))
    assert found.beaten == (None, None)
