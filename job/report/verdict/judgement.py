"""The verdict: whether an arm beats the baseline, how sure that is, and what the arm saves."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from job.report.analysis.break_even import BreakEven, break_even
from job.report.analysis.comparison import Comparison
from job.report.analysis.findings import Findings
from job.report.analysis.primary import Outcome, Primary
from job.report.analysis.statistics import MIN_SEEDS
from job.report.verdict.budgets import at_single_budgets
from job.report.verdict.claims import PayClaim, SavingClaim, pay_claim, saving_claim
from job.report.verdict.notes import notes_on
from job.report.verdict.outcomes import (
    improvement,
    margin,
    outcome_sentence,
    reasons,
    small_lead,
)
from job.report.wording import counted, listing


@dataclass(frozen=True)
class Verdict:
    """What may be said of one arm against the baseline."""

    arm: str
    outcome: Outcome
    sentence: str
    reasons: tuple[str, ...]
    """Why nothing is shown, as sentences; empty if something is."""
    details: tuple[str, ...]
    """What else the seeds say, as sentences."""
    test: Primary | None
    """The primary test; None if there is no range over which both are measured."""
    savings: tuple[SavingClaim, ...]
    """In images, boxes, hours and money, if they cost anything."""
    pays: PayClaim | None
    """None without a set-up cost, or if annotation costs nothing."""

    @property
    def is_ahead(self) -> bool:
        """Whether the arm is shown to be ahead, by however little."""
        return self.test is not None and self.test.lead > 0


@dataclass(frozen=True)
class Judgement:
    """The verdicts on all arms."""

    headline: str
    verdicts: tuple[Verdict, ...]
    notes: tuple[str, ...]
    """What the reader of any figure has to know, as sentences."""


def judge(found: Findings, setup_cost: float | None = None) -> Judgement:
    """Return the verdict on every arm.

    The primary test, corrected for all arms, says whether an arm is better, worse or equal. Nothing
    is claimed of an arm with fewer than five paired seeds, or before all planned rounds of it and
    of the baseline are there. Budgets, savings and whether it pays are secondary: they are asked
    only of an arm that is shown to be ahead or behind, and each kind is corrected for its tests.

    Args:
        found: What the curves say.
        setup_cost: Money to set up active learning, once. None: whether it pays is not said.
    """
    comparison = found.comparison
    num_arms = comparison.num_compared
    cases = [] if setup_cost is None else break_even(found.savings, setup_cost, num_arms)
    verdicts = tuple(
        _verdict(found, arm, cases, setup_cost)
        for arm in comparison.arms
        if arm != comparison.baseline
    )
    return Judgement(_headline(verdicts, comparison), verdicts, notes_on(comparison))


def _verdict(
    found: Findings, arm: str, cases: Sequence[BreakEven], setup_cost: float | None
) -> Verdict:
    comparison = found.comparison
    test = next((each for each in found.primary if each.area.arm == arm), None)
    is_ahead = test is not None and test.lead > 0
    savings = tuple(
        saving_claim(each, is_ahead=is_ahead)
        for each in found.savings
        if each.arm == arm and each.axis != "wall_seconds"
    )
    outcome = test.outcome if test else "not shown"
    return Verdict(
        arm=arm,
        outcome=outcome,
        sentence=outcome_sentence(arm, comparison.baseline, test),
        reasons=tuple(reasons(comparison, arm, test)) if outcome == "not shown" else (),
        details=tuple(_details(comparison, arm, test)),
        test=test,
        savings=savings,
        pays=None if setup_cost is None else pay_claim(cases, savings, arm),
    )


def _details(comparison: Comparison, arm: str, test: Primary | None) -> Iterator[str]:
    if test is None:
        return
    if lead := small_lead(comparison.baseline, test):
        yield lead
    yield improvement(comparison.baseline, test)
    if test.lead:
        yield from at_single_budgets(comparison, arm)


def _headline(verdicts: Sequence[Verdict], comparison: Comparison) -> str:
    baseline = comparison.baseline
    if not verdicts:
        return f"{baseline} is the only arm: there is nothing to compare it with."
    if comparison.unfinished.issuperset(each.arm for each in verdicts):
        missing = sum(comparison.missing.by_arm.values())
        return f"Nothing is claimed yet: {counted(missing, 'round')} to come."
    most = max(len(each.test.area.seeds) if each.test else 0 for each in verdicts)
    if most < MIN_SEEDS:
        return (
            f"Nothing is claimed: {counted(most, 'seed')} paired with {baseline}, and"
            f" {MIN_SEEDS} are needed."
        )
    return " ".join(_by_outcome(verdicts, comparison))


def _by_outcome(verdicts: Sequence[Verdict], comparison: Comparison) -> Iterator[str]:
    baseline, unfinished = comparison.baseline, comparison.unfinished
    arms: dict[Outcome, list[str]] = {"better": [], "worse": [], "equal": [], "not shown": []}
    for each in verdicts:
        arms[each.outcome].append(each.arm)
    better, worse, equal, open_ = arms.values()
    if better:
        yield f"{listing(better)} {'beats' if len(better) == 1 else 'beat'} {baseline} here."
    else:
        yield f"No arm is shown to beat {baseline} here."
    if worse:
        yield f"{listing(worse)} {_is(worse)} worse."
    if equal:
        tests = [each.test for each in verdicts if each.test]
        yield f"{listing(equal)} {_is(equal)} equal to it within {margin(tests[0])}."
    open_ = [arm for arm in open_ if arm not in unfinished]
    if open_ and (better or worse or equal):
        yield f"For {listing(open_)} nothing is shown."
    if unfinished:
        waiting = sorted(unfinished)
        yield f"{listing(waiting)} {_is(waiting)} not finished."


def _is(arms: Sequence[str]) -> str:
    return "is" if len(arms) == 1 else "are"
