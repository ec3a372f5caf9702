"""What the primary test says of one arm, as sentences."""

from collections.abc import Iterator

from job.report.analysis.comparison import Comparison
from job.report.analysis.intervals import Estimate
from job.report.analysis.primary import Primary
from job.report.analysis.statistics import MIN_SEEDS
from job.report.wording import corrected, counted, interval, percent, points, whole


def outcome_sentence(arm: str, baseline: str, test: Primary | None) -> str:
    """Return whether the arm is better, worse or equal, or that nothing is shown."""
    if test is None or test.outcome == "not shown":
        return f"It is not shown that {arm} beats {baseline}."
    if test.outcome == "equal":
        sure = f"{_sure(test, test.equal_interval, 90)}; {corrected(test.p_equal_holm)}"
        seen = _seen(test, f"the mAP of {arm}")
        return f"{arm} and {baseline} are equal within {margin(test)}: {seen} ({sure})."
    word = "beats" if test.lead > 0 else "is worse than"
    sure = f"{_sure(test, test.area.difference)}; {corrected(test.p_holm)}"
    return f"{arm} {word} {baseline}: {_seen(test)} ({sure})."


def reasons(comparison: Comparison, arm: str, test: Primary | None) -> Iterator[str]:
    """Yield why nothing is shown."""
    if arm in comparison.unfinished:
        yield _unfinished(comparison, arm)
    most = len(test.area.seeds) if test else _paired(comparison, arm)
    if most < MIN_SEEDS:
        yield f"{counted(most, 'paired seed')}: with fewer than {MIN_SEEDS} nothing is claimed."
    elif test is None:
        yield "There is no range of images over which both are measured."
    elif test.is_finished:
        yield (
            f"{_capital(_seen(test))} ({_sure(test, test.area.difference)};"
            f" {corrected(test.p_holm)}). It is not shown either that the two are equal within"
            f" {margin(test)} ({corrected(test.p_equal_holm)})."
        )
    if test and not test.may_claim:
        yield f"So far, {_seen(test)} ({_sure(test, test.area.difference)})."


def improvement(baseline: str, test: Primary) -> str:
    """Return in how many seeds the arm is ahead, and how probable that makes it in another one."""
    found = test.improvement
    return (
        f"It is ahead of {baseline} in {found.count:g} of {counted(found.num_seeds, 'seed')}: its"
        f" probability of improvement is {percent(found.value)} (95 % interval"
        f" {100 * found.low:.0f} to {percent(found.high)})."
    )


def small_lead(baseline: str, test: Primary) -> str:
    """Return that an arm which is equal is ahead or behind all the same; empty if it is not."""
    if test.outcome != "equal" or not test.lead:
        return ""
    word = "ahead of" if test.lead > 0 else "behind"
    return (
        f"That it is {word} {baseline} is shown all the same ({corrected(test.p_holm)}), by less"
        " than what matters."
    )


def margin(test: Primary) -> str:
    """Return the smallest difference that matters, in points."""
    return whole(test.smallest_effect)


def _unfinished(comparison: Comparison, arm: str) -> str:
    missing = comparison.missing.by_arm
    rounds = [
        f"{counted(missing[each], 'round')} of {each}"
        for each in (arm, comparison.baseline)
        if each in missing
    ]
    return (
        f"Not finished: {' and '.join(rounds)} to come. Nothing is claimed before that, because"
        " each look after another round is one more chance for a claim that is wrong."
    )


def _paired(comparison: Comparison, arm: str) -> int:
    """In how many seeds both are, at the budget at which they are in most."""
    # All arms of a seed share round 0: there is nothing to test in it.
    ours = [each for each in comparison.differences if each.arm == arm]
    differ = [each for each in ours if each.p is not None or each.estimate.mean]
    return max((len(each.seeds) for each in differ or ours), default=0)


def _seen(test: Primary, whose: str = "its mAP") -> str:
    """What the areas say, whether it is shown or not."""
    area = test.area
    word = "lower" if area.difference.mean < 0 else "higher"
    return (
        f"from {area.low:,.0f} to {area.high:,.0f} labelled images {whose} is"
        f" {points(abs(area.difference.mean))} {word} on average"
    )


def _sure(test: Primary, of: Estimate, level: int = 95) -> str:
    sign = -1 if test.area.difference.mean < 0 else 1
    return f"{interval(of, 100 * sign, level=level)}; {counted(len(test.area.seeds), 'seed')}"


def _capital(sentence: str) -> str:
    return sentence[0].upper() + sentence[1:]
