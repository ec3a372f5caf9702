"""Forecasts held against what came: how often their intervals hold it.

K = budgets of a curve, D = draws.
"""
# ruff: noqa: N803, N806 - shape suffixes

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

import numpy as np

from job.records.arrays import Float64s
from job.report.analysis.curves import Curve, arms_of, compared, lasting, of_arm
from job.report.analysis.forecast import ENDS, MIN_BUDGETS, REACH, draws_of, gain_of, points_of
from job.report.analysis.power_laws import POWER_LAWS, Draws, Family
from job.report.analysis.savings import first_reach
from job.storage.documents import checked, load_json

PUBLISHED = Path(__file__).with_suffix(".json")


@dataclass(frozen=True)
class Held:
    """One curve's later budgets beside the forecast from the first ones of its arm."""

    num_later: int
    """How many later metrics there are, within the reach of the forecast."""
    coverage: float
    """The share of them that lies in its interval."""
    width: float
    """Mean width of the intervals of the metric."""
    error: float
    """Mean of what was forecast, its median, less what came."""
    gain_held: bool
    """Whether the interval of the gain of the first later budget holds what was measured."""
    need_held: bool | None
    """Whether the interval of the images that the last of these metrics needs holds what it took.
    None if the curve had reached it before."""


@dataclass(frozen=True)
class BackTest:
    """What a forecast is worth, by what came: means over curves, each of which counts once."""

    num_curves: int
    num_later: int
    """Metrics at later budgets."""
    coverage: float
    width: float
    error: float
    gain_coverage: float
    """The share of the intervals of the next round's gain that held what was measured."""
    num_needs: int
    need_coverage: float | None
    """The share of the intervals of images needed that held what it took; None without any."""


def held_by_forecast(
    curves: Sequence[Curve], num_budgets: int = MIN_BUDGETS, family: Family = POWER_LAWS
) -> list[Held]:
    """Forecast each arm from its first budgets, and hold that against the rest of each curve.

    An arm of which the forecast cannot tell is left out, as it has none on the page.

    Args:
        curves: Of all arms and seeds.
        num_budgets: How many budgets the forecast sees.
        family: Which power laws may be.
    """
    curves = lasting(compared(curves))
    result = []
    for arm in arms_of(curves):
        points = [_within_reach(curve, num_budgets) for curve in of_arm(curves, arm).values()]
        points = [each for each in points if len(each[0]) > num_budgets]
        draws = draws_of([(x[:num_budgets], y[:num_budgets]) for x, y in points], family)
        if isinstance(draws, Draws):
            result += [_held(draws, *each, num_budgets) for each in points]
    return result


def _within_reach(curve: Curve, num_budgets: int) -> tuple[Float64s, Float64s]:
    """The points of a curve without those that no forecast from its first ones goes to."""
    images_K, metric_K = points_of(curve)
    is_near_K = images_K <= REACH * images_K[:num_budgets].max()
    return images_K[is_near_K], metric_K[is_near_K]


def _held(draws: Draws, images_K: Float64s, metric_K: Float64s, num_budgets: int) -> Held:
    later_K = metric_K[num_budgets:]
    metric_DK = draws.metric_at(images_K[num_budgets:])
    noise_DK = np.random.default_rng(0).standard_normal(metric_DK.shape) * draws.noise_D[:, None]
    low, middle, high = np.quantile(metric_DK + noise_DK, [ENDS[0], 0.5, ENDS[1]], axis=0)
    return Held(
        num_later=len(later_K),
        coverage=float(np.mean((low <= later_K) & (later_K <= high))),
        width=float(np.mean(high - low)),
        error=float(np.mean(middle - later_K)),
        gain_held=_gain_held(draws, images_K, metric_K, num_budgets - 1),
        need_held=_need_held(draws, images_K, metric_K, num_budgets),
    )


def _gain_held(draws: Draws, images_K: Float64s, metric_K: Float64s, last: int) -> bool:
    gain = gain_of(draws, float(images_K[last + 1] - images_K[last]))
    return bool(gain.low <= metric_K[last + 1] - metric_K[last] <= gain.high)


def _need_held(
    draws: Draws, images_K: Float64s, metric_K: Float64s, num_budgets: int
) -> bool | None:
    goal = float(metric_K[-1])
    took = first_reach(images_K, metric_K, goal)
    if took is None or took <= images_K[num_budgets - 1]:
        return None
    needs_D = np.maximum(draws.images_for(goal), draws.last)
    low, high = np.quantile(needs_D, ENDS, method="inverted_cdf")
    return bool(low <= took <= high)


def back_test(held: Sequence[Held]) -> BackTest | None:
    """Return what forecasts are worth by the curves they were held against; None without any."""
    if not held:
        return None
    needs = [each.need_held for each in held if each.need_held is not None]
    return BackTest(
        num_curves=len(held),
        num_later=sum(each.num_later for each in held),
        coverage=fmean(each.coverage for each in held),
        width=fmean(each.width for each in held),
        error=fmean(each.error for each in held),
        gain_coverage=fmean(each.gain_held for each in held),
        num_needs=len(needs),
        need_coverage=fmean(needs) if needs else None,
    )


def published() -> BackTest:
    """Return what came out for all published curves: `benchmarks/forecast.py` writes it."""
    content = load_json(PUBLISHED.read_bytes(), str(PUBLISHED))
    return checked(BackTest, content, str(PUBLISHED), "")
