"""Whether active learning pays: what is saved on annotation against what it costs to set up."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from job.report.analysis.savings import Need, Saving
from job.report.analysis.statistics import Estimate


@dataclass(frozen=True)
class BreakEven:
    """One arm's business case, in the currency of the experiment's prices."""

    arm: str
    setup_cost: float
    saved: Estimate
    """Of annotation, as in the experiment."""
    net: Estimate
    """Saved less the set-up cost."""
    scale: float | None
    """It pays from so many times the experiment's size on, or at its size from so many times its
    prices on, if the share that is saved stays the same. None: it saves nothing, and never pays."""
    images: float | None
    """The same as images that the baseline would label."""


def break_even(savings: Sequence[Saving], arm: str, setup_cost: float) -> BreakEven | None:
    """Return an arm's business case from what it saved in money and images.

    Args:
        savings: Of all arms and axes.
        arm: Which.
        setup_cost: Money, once.

    Returns:
        None where annotation costs nothing, or the arm never reached the metric.
    """
    of_axis = {each.axis: each for each in savings if each.arm == arm}
    money = of_axis.get("money")
    if money is None or money.saved is None:
        return None
    saved = money.saved
    scale = setup_cost / saved.mean if saved.mean > 0 else None
    return BreakEven(
        arm=arm,
        setup_cost=setup_cost,
        saved=saved,
        net=Estimate(
            mean=saved.mean - setup_cost,
            low=None if saved.low is None else saved.low - setup_cost,
            high=None if saved.high is None else saved.high - setup_cost,
            num_seeds=saved.num_seeds,
        ),
        scale=scale,
        images=None if scale is None else scale * spent(of_axis["images"].baseline_needs),
    )


def spent(needs: Sequence[Need]) -> float:
    """Return the mean over seeds of what was needed, or else spent without reaching the metric."""
    return fmean(need.end if need.amount is None else need.amount for need in needs)
