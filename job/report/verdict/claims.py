"""What may be said about the savings of an arm, and about whether it pays."""

from collections.abc import Sequence
from dataclasses import dataclass

from job.report.analysis.break_even import BreakEven, break_even, spent
from job.report.analysis.savings import Saving
from job.report.analysis.statistics import LEVEL, MIN_SEEDS
from job.report.wording import UNITS, amount, counted, interval, probability


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

    case: BreakEven
    is_shown: bool
    """Whether it is shown to pay."""
    sentence: str


def saving_claim(saving: Saving, *, is_better: bool) -> SavingClaim:
    """Say what an arm saves on one axis, or why that is not shown.

    Args:
        saving: The figures.
        is_better: Whether the arm is shown to beat the baseline; without that no saving is shown.
    """
    why = "" if is_better else "the arm itself is not shown to be better"
    why = why or _too_little(saving) or _no_difference(saving)
    what = f"no saving is shown; {why}." if why else _sentence(saving)
    return SavingClaim(saving, not why, f"In {UNITS[saving.axis]}: {what}")


def _too_little(saving: Saving) -> str:
    """Why there are too few seeds; empty if there are enough."""
    paired = len(saving.arm_needs)
    if paired < MIN_SEEDS:
        return (
            f"{counted(paired, 'paired seed')} lasted to the end, and with fewer than {MIN_SEEDS}"
            " nothing is claimed"
        )
    if saving.num_never:
        return f"in {saving.num_never} of {paired} seeds it does not reach {_goal(saving)}"
    return ""


def _no_difference(saving: Saving) -> str:
    """Why the figures show neither saving nor loss; empty if they show one."""
    if saving.p is None or saving.percent is None:
        return "it needs exactly as much"
    if saving.p >= LEVEL:
        saved = f"{saving.percent.mean:.1f} % in the mean"
        return f"{saved} ({interval(saving.percent, 1, ' %')}; {probability(saving.p)})"
    if saving.percent.mean < 0 and saving.num_at_least:
        return f"{saving.baseline} may need more than it had spent at its end"
    return ""


def _goal(saving: Saving) -> str:
    final = f"{saving.baseline}'s final mAP" if saving.is_final else "a mAP"
    return f"{final} of {saving.target:.3f}"


def _sentence(saving: Saving) -> str:
    axis, baseline, percent = saving.axis, saving.baseline, saving.percent
    if percent is None:
        return ""
    least = "at least " if saving.num_at_least else ""
    sign, word = (1, "less") if percent.mean > 0 else (-1, "more")
    return (
        f"to reach {_goal(saving)} it needs {amount(axis, spent(saving.arm_needs))} and"
        f" {baseline} {least}{amount(axis, spent(saving.baseline_needs))}:"
        f" {least}{sign * percent.mean:.1f} % {word} ({interval(percent, sign, ' %')};"
        f" {counted(percent.num_seeds, 'seed')})."
    )


def pay_claim(
    savings: Sequence[Saving], arm: str, setup_cost: float, *, is_saving_shown: bool
) -> PayClaim | None:
    """Say whether the arm pays for its set-up, or else from which size or price on it would.

    Args:
        savings: Of all arms and axes.
        arm: The arm.
        setup_cost: Money to set up active learning, once.
        is_saving_shown: Whether its saving of money is shown.

    Returns:
        None if there are no figures for it.
    """
    case = break_even(savings, arm, setup_cost)
    if case is None:
        return None
    pays = is_saving_shown and case.net.low is not None and case.net.low > 0
    least = any(each.num_at_least for each in savings if (each.arm, each.axis) == (arm, "money"))
    saved = f"{'at least ' if least else ''}{case.saved.mean:,.2f} is saved on annotation"
    if pays:
        sentence = (
            f"It pays here: {saved}, {case.net.mean:,.2f} after the set-up cost of"
            f" {setup_cost:,.2f}."
        )
    elif not is_saving_shown or case.scale is None:
        sentence = "It is not shown to pay here: no saving of money is shown."
    else:
        sentence = (
            f"It is not shown to pay here: {saved}, and the set-up costs {setup_cost:,.2f}. If the"
            f" share that is saved stays the same, it pays from about {case.images:,.0f} images"
            " that would be labelled without it, or at this size from"
            f" {case.scale:,.1f} times the prices."
        )
    return PayClaim(case, is_shown=pays, sentence=sentence)
