"""Whether active learning pays: the saving on annotation against the cost of setting it up."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from job.report.analysis.savings import Need, Saving
from job.report.analysis.statistics import Estimate


@dataclass(frozen=True)
class BreakEven:
    """The business case of one arm, in the currency of the experiment's prices."""

    arm: str
    setup_cost: float
    saved: Estimate
    """What is saved on annotation in the experiment."""
    net: Estimate
    """What is saved minus the set-up cost."""
    scale: float | None
    """From this many times the experiment's size on the arm pays, if the share that is saved stays
    the same; or at the same size, from this many times the prices on. None: it never pays."""
    images: float | None
    """The same size, in images that the baseline would label."""


def break_even(savings: Sequence[Saving], arm: str, setup_cost: float) -> BreakEven | None:
    """Return the business case of an arm, from its savings in money and images.

    Args:
        savings: Of all arms and axes.
        arm: The arm.
        setup_cost: Money, once.

    Returns:
        None if annotation costs nothing, or the arm never reached the metric.
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
    """Return the mean over seeds of what each needed, or spent if it never reached the metric."""
    return fmean(need.end if need.amount is None else need.amount for need in needs)
