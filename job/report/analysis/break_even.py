"""Whether active learning pays: the saving on annotation against the cost of setting it up."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from job.report.analysis.intervals import Estimate, t_interval
from job.report.analysis.savings import Saving, spent
from job.report.analysis.statistics import holm, paired_t


@dataclass(frozen=True)
class BreakEven:
    """The business case of one arm, in the currency of the experiment's prices."""

    arm: str
    setup_cost: float
    saved: Estimate
    """What is saved on annotation in the experiment."""
    net: Estimate
    """What is saved minus the set-up cost."""
    p: float | None
    """Of the paired t-test of what is left; None if there is nothing to test, or not yet."""
    p_holm: float | None
    """Corrected for all arms."""
    scale: float | None
    """From this many times the experiment's size on the arm pays, if the share that is saved stays
    the same; or at the same size, from this many times the prices on. None: it never pays."""
    images: float | None
    """The same size, in images that the baseline would label."""


def break_even(savings: Sequence[Saving], setup_cost: float, num_arms: int = 0) -> list[BreakEven]:
    """Return the business case of each arm, from its savings in money and images.

    An arm is left out if annotation costs nothing, or if it never reached the metric in some seed.

    Args:
        savings: Of all arms and axes.
        setup_cost: Money, once.
        num_arms: How many arms are to be compared, if that is more than have savings.
    """
    images = {each.arm: each for each in savings if each.axis == "images"}
    found = [
        _case(images[each.arm], each, each.saved, setup_cost)
        for each in savings
        if each.axis == "money" and each.saved
    ]
    corrected = holm([each.p for each in found], max(num_arms, len(images)))
    return [replace(each, p_holm=p) for each, p in zip(found, corrected, strict=True)]


def _case(images: Saving, money: Saving, saved: Estimate, setup_cost: float) -> BreakEven:
    net = [each - setup_cost for each in money.saved_by_seed]
    scale = setup_cost / saved.mean if saved.mean > 0 else None
    return BreakEven(
        arm=money.arm,
        setup_cost=setup_cost,
        saved=saved,
        net=t_interval(net),
        p=None if money.p_corrected is None else paired_t(net),
        p_holm=None,
        scale=scale,
        images=None if scale is None else scale * spent(images.baseline_needs),
    )
