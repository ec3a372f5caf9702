"""What the secondary tests say of one arm: at which numbers of images it is ahead or behind."""

from collections.abc import Iterator, Sequence

from job.report.analysis.comparison import Comparison, Difference
from job.report.analysis.statistics import LEVEL, MIN_SEEDS
from job.report.wording import corrected, interval, listing, points


def at_single_budgets(comparison: Comparison, arm: str) -> Iterator[str]:
    """Yield at which budgets the arm is shown to be ahead or behind, and where it ends.

    It is asked only of an arm that the primary test shows to be ahead or behind.
    """
    ours = [each for each in comparison.differences if each.arm == arm]
    tested = [each for each in ours if len(each.seeds) >= MIN_SEEDS and each.p_holm is not None]
    shown = [each for each in tested if each.p_holm is not None and each.p_holm < LEVEL]
    yield (
        f"At single numbers of images, corrected for {comparison.num_tests} tests, it is"
        f" {_where(shown) or 'not shown to be ahead or behind'}."
    )
    if tested:
        yield _last(tested[-1])


def _where(shown: Sequence[Difference]) -> str:
    ahead = [f"{each.x:,.0f}" for each in shown if each.estimate.mean > 0]
    behind = [f"{each.x:,.0f}" for each in shown if each.estimate.mean < 0]
    parts = [
        f"{word} at {listing(numbers)}"
        for word, numbers in (("ahead", ahead), ("behind", behind))
        if numbers
    ]
    return " and ".join(parts)


def _last(last: Difference) -> str:
    sign, word = (-1, "behind") if last.estimate.mean < 0 else (1, "ahead")
    return (
        f"At {last.x:,.0f} images, the last, it is {points(sign * last.estimate.mean)} of mAP"
        f" {word} ({interval(last.estimate, 100 * sign)}; {corrected(last.p_holm)})."
    )
