"""What may be said about the savings of an arm, and about whether it pays."""

from collections.abc import Sequence
from dataclasses import dataclass

from job.report.analysis.break_even import BreakEven
from job.report.analysis.savings import Saving, spent
from job.report.analysis.statistics import LEVEL
from job.report.wording import UNITS, amount, corrected, counted, interval


@dataclass(frozen=True)
class SavingClaim:
    """What may be said about the saving on one axis."""

    saving: Saving
    is_shown: bool
    """Whether a saving, or a loss, is shown."""
    sentence: str


@dataclass(frozen=True)
class PayClaim:
    """Whether the arm pays, at the size and the prices of the experiment."""

    case: BreakEven | None
    """None if the arm never reached the metric in some seed."""
    is_shown: bool
    """Whether it is shown to pay."""
    sentence: str


def saving_claim(saving: Saving, *, is_ahead: bool) -> SavingClaim:
    """Say what an arm saves on one axis, or why that is not shown.

    Args:
        saving: The figures.
        is_ahead: Whether the primary test shows the arm ahead; without that no saving is shown.
    """
    why = "" if is_ahead else "the arm itself is not shown to be ahead"
    why = why or _never(saving) or _no_difference(saving)
    what = f"no saving is shown; {why}." if why else _sentence(saving)
    return SavingClaim(saving, not why, f"In {UNITS[saving.axis]}: {what}")


def _never(saving: Saving) -> str:
    """Say in how many seeds the arm never reached the metric; empty if it did in all."""
    if not saving.num_never:
        return ""
    of = len(saving.arm_needs)
    return f"in {saving.num_never} of {of} seeds it does not reach {_goal(saving)}"


def _no_difference(saving: Saving) -> str:
    """Why the figures show neither saving nor loss; empty if they show one."""
    if saving.p_corrected is None or saving.percent is None:
        return "it needs exactly as much"
    if saving.p_corrected >= LEVEL:
        return f"{saving.percent.mean:.0f} % on average ({_sure(saving, 1)})"
    return ""


def _goal(saving: Saving) -> str:
    return f"{saving.baseline}'s final mAP of the same seed ({saving.target:.3f} on average)"


def _sentence(saving: Saving) -> str:
    axis, baseline, percent = saving.axis, saving.baseline, saving.percent
    if percent is None:
        return ""
    sign, word = (1, "less") if percent.mean > 0 else (-1, "more")
    return (
        f"to reach {_goal(saving)} it needs {amount(axis, spent(saving.arm_needs))} and"
        f" {baseline} {amount(axis, spent(saving.baseline_needs))}:"
        f" {sign * percent.mean:.0f} % {word} ({_sure(saving, sign)})."
    )


def _sure(saving: Saving, sign: int) -> str:
    """How sure a percentage is, in parentheses; with sign -1, that of a loss."""
    percent = saving.percent
    if percent is None:
        return ""
    how_wide = interval(percent, sign, " %", decimals=0)
    return f"{how_wide}; {counted(percent.num_seeds, 'seed')}; {corrected(saving.p_corrected)}"


def pay_claim(
    cases: Sequence[BreakEven], savings: Sequence[SavingClaim], arm: str
) -> PayClaim | None:
    """Say whether the arm pays for its set-up, or else from which size or price on it would.

    Args:
        cases: Of all arms that have one.
        savings: What may be said about the arm's savings.
        arm: The arm.

    Returns:
        None if annotation costs nothing.
    """
    money = next((each for each in savings if each.saving.axis == "money"), None)
    if money is None:
        return None
    case = next((each for each in cases if each.arm == arm), None)
    if case is None or not money.is_shown or case.scale is None:
        nothing = "It is not shown to pay here: no saving of money is shown."
        return PayClaim(case, is_shown=False, sentence=nothing)
    pays = case.net.mean > 0 and case.p_holm is not None and case.p_holm < LEVEL
    saved = f"{case.saved.mean:,.2f} is saved on annotation"
    return PayClaim(case, pays, _pays(case, saved) if pays else _does_not_pay(case, saved))


def _pays(case: BreakEven, saved: str) -> str:
    return (
        f"It pays here: {saved}, {case.net.mean:,.2f} after the set-up cost of"
        f" {case.setup_cost:,.2f} ({corrected(case.p_holm)})."
    )


def _does_not_pay(case: BreakEven, saved: str) -> str:
    return (
        f"It is not shown to pay here: {saved}, and the set-up costs {case.setup_cost:,.2f}"
        f" ({corrected(case.p_holm)}). If the share that is saved stays the same, it pays from"
        f" about {case.images:,.0f} images that would be labelled without it, or at this size from"
        f" {case.scale:,.1f} times the prices."
    )
