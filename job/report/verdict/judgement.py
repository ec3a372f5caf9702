"""The verdict: whether an arm beats the baseline, how sure that is, and what the arm saves."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from job.report.analysis.comparison import Comparison, Difference
from job.report.analysis.savings import Saving
from job.report.analysis.statistics import LEVEL, MIN_SEEDS
from job.report.verdict.claims import PayClaim, SavingClaim, pay_claim, saving_claim
from job.report.verdict.notes import notes_on
from job.report.wording import counted, interval, listing, points, probability

VerdictOutcome = Literal["better", "worse", "not shown"]


@dataclass(frozen=True)
class Verdict:
    """What may be said of one arm against the baseline."""

    arm: str
    outcome: VerdictOutcome
    sentence: str
    reasons: tuple[str, ...]
    """Why nothing is shown, as sentences; empty if something is."""
    cautions: tuple[str, ...]
    """What to keep in mind, as sentences."""
    start: Difference | None
    """The budget at which the outcome begins. None if nothing is shown."""
    end: Difference | None
    """The last budget that was tested with enough seeds, or else the last that is paired."""
    savings: tuple[SavingClaim, ...]
    """In images, boxes, hours and money, if they cost anything."""
    pays: PayClaim | None
    """None without a set-up cost, or if there are no figures."""


@dataclass(frozen=True)
class Judgement:
    """The verdicts on all arms."""

    headline: str
    verdicts: tuple[Verdict, ...]
    notes: tuple[str, ...]
    """What the reader of any figure has to know, as sentences."""


def judge(
    comparison: Comparison, savings: Sequence[Saving], setup_cost: float | None = None
) -> Judgement:
    """Return the verdict on every arm.

    An arm is better from a number of images on if the Holm-corrected p is below 0.05 there, and if
    the mean difference is positive there and at every larger number. It is worse if the same holds
    with a negative difference. Only budgets with at least 5 paired seeds count, and only those at
    which the two differ.

    Args:
        comparison: At equal numbers of images.
        savings: Of the same curves.
        setup_cost: Money to set up active learning, once. None: whether it pays is not said.
    """
    verdicts = tuple(
        _verdict(comparison, arm, [each for each in savings if each.arm == arm], setup_cost)
        for arm in comparison.arms
        if arm != comparison.baseline
    )
    return Judgement(_headline(verdicts, comparison.baseline), verdicts, notes_on(comparison))


def _verdict(
    comparison: Comparison, arm: str, savings: Sequence[Saving], setup_cost: float | None
) -> Verdict:
    ours = [each for each in comparison.differences if each.arm == arm]
    tested = [each for each in ours if len(each.seeds) >= MIN_SEEDS and each.p_holm is not None]
    better, worse = _start(tested, 1), _start(tested, -1)
    start, last = better or worse, tested or ours
    claims = tuple(
        saving_claim(each, is_better=better is not None)
        for each in savings
        if each.axis != "wall_seconds"
    )
    saves_money = any(each.is_shown for each in claims if each.saving.axis == "money")
    return Verdict(
        arm=arm,
        outcome="better" if better else "worse" if worse else "not shown",
        sentence=_sentence(arm, comparison.baseline, start, tested, ours),
        reasons=() if start else tuple(_reasons(comparison, ours, tested)),
        cautions=tuple(_cautions(comparison, ours, tested, start)),
        start=start,
        end=last[-1] if last else None,
        savings=claims,
        pays=None
        if setup_cost is None
        else pay_claim(savings, arm, setup_cost, is_saving_shown=saves_money),
    )


def _is_significant(each: Difference) -> bool:
    return each.p_holm is not None and each.p_holm < LEVEL


def _start(tested: Sequence[Difference], sign: int) -> Difference | None:
    """The first budget from which on the arm is significantly ahead (sign 1) or behind (-1)."""
    found = None
    for each in reversed(tested):
        if sign * each.estimate.mean <= 0:
            break
        if _is_significant(each):
            found = each
    return found


def _sentence(
    arm: str,
    baseline: str,
    start: Difference | None,
    tested: Sequence[Difference],
    ours: Sequence[Difference],
) -> str:
    if start is None:
        return f"It is not shown that {arm} beats {baseline}."
    end = tested[-1]
    word, sign = ("beats", 1) if start.estimate.mean > 0 else ("is worse than", -1)
    where = f"from {start.x:,.0f} labelled images on: there by"
    last = "" if end is ours[-1] else f" with at least {MIN_SEEDS} seeds"
    then = f"; at {end.x:,.0f}, the last{last}, by {points(sign * end.estimate.mean)}"
    if end is start:
        where, then = f"at {start.x:,.0f} labelled images, the last budget{last}: by", ""
    return (
        f"{arm} {word} {baseline} {where} {points(sign * start.estimate.mean)} of mAP"
        f" ({interval(start.estimate, 100 * sign)}; {counted(len(start.seeds), 'seed')}; corrected"
        f" {probability(start.p_holm)}){then}."
    )


def _reasons(
    comparison: Comparison, ours: Sequence[Difference], tested: Sequence[Difference]
) -> list[str]:
    # All arms of a seed share round 0: there is nothing to test in it.
    differ = [each for each in ours if each.p_holm is not None or each.estimate.mean]
    most = max((len(each.seeds) for each in differ or ours), default=0)
    if most < MIN_SEEDS:
        return [f"{counted(most, 'paired seed')}: with fewer than {MIN_SEEDS} nothing is claimed."]
    if not tested:
        return ["The two do not differ at any budget."]
    significant = next((each for each in tested if _is_significant(each)), None)
    if significant:
        return [_turned(significant, tested)]
    best = min(tested, key=lambda each: each.p_holm or 0.0)
    smallest = f"the smallest is {probability(best.p_holm)}, at {best.x:,.0f} images"
    return [
        f"No p is below {LEVEL} after correction for {comparison.num_tests} tests; {smallest}.",
        _at_the_end(tested[-1], is_last=tested[-1] is ours[-1]),
    ]


def _turned(first: Difference, tested: Sequence[Difference]) -> str:
    """Name the budget at which a significant difference is lost; if nothing is shown, it is."""
    later = next(
        each
        for each in tested
        if each.x > first.x and each.estimate.mean * first.estimate.mean <= 0
    )
    word = "ahead" if first.estimate.mean > 0 else "behind"
    by = f"{points(abs(first.estimate.mean))} of mAP, corrected {probability(first.p_holm)}"
    return f"At {first.x:,.0f} images it is {word} ({by}), but at {later.x:,.0f} it is not."


def _at_the_end(last: Difference, *, is_last: bool) -> str:
    low, high = last.estimate.low, last.estimate.high
    holds = low is not None and high is not None and low <= 0 <= high
    about = "holds 0" if holds else "does not hold 0, but claims nothing without the test"
    which = "the last budget" if is_last else f"the last with at least {MIN_SEEDS} seeds"
    return (
        f"At {last.x:,.0f} images, {which}, the difference is"
        f" {points(last.estimate.mean)} of mAP; its {interval(last.estimate, 100)} {about}."
    )


def _cautions(
    comparison: Comparison,
    ours: Sequence[Difference],
    tested: Sequence[Difference],
    start: Difference | None,
) -> list[str]:
    result = []
    if start and any(
        _is_significant(each) and each.estimate.mean * start.estimate.mean < 0 for each in tested
    ):
        result.append("With fewer images it is the other way round.")
    few = [each.x for each in ours if len(each.seeds) < MIN_SEEDS]
    if tested and few:
        result.append(
            f"At {listing([f'{x:,.0f}' for x in few])} images fewer than {MIN_SEEDS} seeds are"
            " paired: nothing is claimed there."
        )
    if start and start.beyond_half and comparison.pool_images:
        result.append(
            f"This begins only beyond half of the pool ({comparison.pool_images:,} images), where"
            " all arms have mostly the same images."
        )
    return result


def _headline(verdicts: Sequence[Verdict], baseline: str) -> str:
    arms: dict[VerdictOutcome, list[str]] = {"better": [], "worse": [], "not shown": []}
    for each in verdicts:
        arms[each.outcome].append(each.arm)
    if not verdicts:
        return f"{baseline} is the only arm: there is nothing to compare it with."
    most = max(len(each.end.seeds) if each.end else 0 for each in verdicts)
    if most < MIN_SEEDS:
        return (
            f"Nothing is claimed: {counted(most, 'seed')} paired with {baseline}, and"
            f" {MIN_SEEDS} are needed."
        )
    better, worse, open_ = arms["better"], arms["worse"], arms["not shown"]
    beat = "beats" if len(better) == 1 else "beat"
    parts = [f"{listing(better)} {beat} {baseline} here."] if better else []
    parts = parts or [f"No arm is shown to beat {baseline} here."]
    if worse:
        parts.append(f"{listing(worse)} {'is' if len(worse) == 1 else 'are'} worse.")
    if open_ and (better or worse):
        parts.append(f"For {listing(open_)} nothing is shown.")
    return " ".join(parts)
