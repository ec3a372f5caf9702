"""Power laws through the first points of learning curves."""

import math

import numpy as np
import pytest
from scipy.stats import norm

from job.records.arrays import Float64s
from job.report.analysis.power_laws import Draws, Family, draw_power_laws

BUDGETS = np.array([50.0, 100.0, 200.0])


def one(level: float, slope: float, exponent: float) -> Draws:
    """A single law whose last point is at 100 images."""
    return Draws(100.0, *(np.array([value]) for value in (level, slope, exponent, 0.01)))


@pytest.mark.parametrize(
    ("law", "goal", "images"),
    [
        ((0.3, 0.1, 1.0), 0.35, 200.0),  # 0.4 - 10 / n
        ((0.3, 0.1, 1.0), 0.2, 50.0),
        ((0.3, 0.1, 1.0), 0.4, math.inf),  # the bound itself
        ((0.3, 0.1, 1.0), 0.5, math.inf),
        ((0.3, 0.1, -1.0), 0.4, 200.0),  # 0.2 + n / 1000
        ((0.3, 0.1, 0.5), 0.4, 400.0),  # 0.5 - 2 / sqrt(n)
        ((0.3, 0.0, 1.0), 0.4, math.inf),
        ((0.3, 0.0, 1.0), 0.2, 0.0),
    ],
)
def test_images_for_a_metric_are_where_the_law_has_it(
    law: tuple[float, float, float], goal: float, images: float
) -> None:
    """Worked out by hand for laws whose last point is 0.3 at 100 images."""
    assert one(*law).images_for(goal)[0] == pytest.approx(images)
    if math.isfinite(images) and images:
        assert one(*law).metric_at([images])[0, 0] == pytest.approx(goal)


def test_a_gain_is_what_the_law_adds_after_its_last_point() -> None:
    """0.4 - 10 / n has 0.3 at 100 images and 0.35 at 200; a metric is never above 1."""
    assert one(0.3, 0.1, 1.0).gain_of(100) == pytest.approx([0.05])
    assert one(0.3, 0.1, -1.0).metric_at([10_000])[0, 0] == 1.0


def test_a_curve_with_known_parameters_is_found_again() -> None:
    """0.6 - 2 / sqrt(n) is 0.55 at 1,600 images, and reaches 0.54 at (2 / 0.06)^2 = 1,111."""
    images = np.array([25.0, 50.0, 100.0, 200.0, 400.0])
    draws = draw_power_laws([(images, 0.6 - 2 / np.sqrt(images))])
    assert np.median(draws.metric_at([1600])) == pytest.approx(0.55, abs=0.01)
    assert np.median(draws.images_for(0.54)) == pytest.approx(1111, rel=0.1)


def test_laws_count_by_how_likely_they_make_the_points() -> None:
    """The posterior of a single exponent, integrated over level, slope and noise by brute force."""
    metric = np.array([0.10, 0.17, 0.21])
    draws = draw_power_laws([(BUDGETS, metric)], Family((0.5,)))
    slopes, weights, levels = _posterior(metric, exponent=0.5)
    assert draws.slope_D.mean() == pytest.approx((slopes * weights).sum(), abs=0.002)
    assert draws.level_D.mean() == pytest.approx((levels * weights).sum(), abs=0.002)
    spread = math.sqrt((slopes**2 * weights).sum() - (slopes * weights).sum() ** 2)
    assert draws.slope_D.std() == pytest.approx(spread, rel=0.1)


def _posterior(metric: Float64s, exponent: float) -> tuple[Float64s, Float64s, Float64s]:
    """Slopes, their weights, and levels, on a dense grid."""
    slope, level, noise = (
        each.ravel()
        for each in np.meshgrid(
            np.arange(0, 0.6, 0.005),
            np.arange(0.1, 0.3, 0.001),
            [0.003, 0.005, 0.0075, 0.011, 0.016, 0.024, 0.036, 0.05],
        )
    )
    log = norm.logpdf(np.log(noise), np.log(0.015), 0.7)
    for images, value in zip(BUDGETS, metric, strict=True):
        law = level + slope * (1 - (images / 200) ** -exponent) / exponent
        log += norm.logpdf(value, law, noise)
    log[level + slope / exponent > 1] = -np.inf
    weights = np.exp(log - log.max())
    return slope, weights / weights.sum(), level


def test_an_interval_of_80_percent_holds_about_80_of_100() -> None:
    """50 made-up arms whose laws and noises are those that are taken to be likely beforehand."""
    made, held = np.random.default_rng(1), []
    for _ in range(50):
        slope, exponent = made.uniform(0.02, 0.1), made.choice(np.geomspace(0.1, 2, 18))
        images = np.array([50.0, 100.0, 200.0, 800.0])
        noise = 0.015 * math.exp(0.7 * made.standard_normal())
        law = 0.25 + slope * (1 - (images / 200) ** -exponent) / exponent
        metric = law + noise * made.standard_normal(4)
        draws = draw_power_laws([(images[:3], metric[:3])])
        seen = draws.metric_at(images[3:])[:, 0] + draws.noise_D * made.standard_normal(2000)
        low, high = np.quantile(seen, [0.1, 0.9])
        held.append(low <= metric[3] <= high)
    assert np.mean(held) == pytest.approx(0.8, abs=0.12)  # two standard errors of 50


def test_every_seed_has_as_many_draws_and_they_are_always_the_same() -> None:
    """Two seeds, one at 0.2 and one at 0.4: both are in the forecast, half and half."""
    seeds = [(BUDGETS, np.array([0.1, 0.15, 0.2])), (BUDGETS, np.array([0.3, 0.35, 0.4]))]
    first, second = draw_power_laws(seeds), draw_power_laws(seeds)
    assert (first.level_D == second.level_D).all()
    assert np.mean(first.level_D < 0.3) == pytest.approx(0.5, abs=0.01)


def test_seeds_share_their_noise() -> None:
    """Three seeds on their laws say that noise is small; three off theirs, that it is large."""
    smooth = np.array([0.1, 0.15, 0.19])
    rough = np.array([0.1, 0.22, 0.15])
    noises = [draw_power_laws([(BUDGETS, each)] * 3).noise_D.mean() for each in (smooth, rough)]
    assert noises[0] < 0.01
    assert noises[1] > 0.03


def test_seeds_may_share_their_law_and_not_their_level() -> None:
    """One seed rises from 0.1 and one stays at 0.5: the law that both have lies between them."""
    seeds = [(BUDGETS, np.array([0.1, 0.15, 0.2])), (BUDGETS, np.array([0.5, 0.5, 0.5]))]
    rises, stays = np.split(draw_power_laws(seeds, Family((0.1,))).slope_D, 2)
    assert rises.mean() > 0.05
    assert stays.mean() < 0.02
    shared = draw_power_laws(seeds, Family((0.1,), is_shared=True))
    rises, stays = np.split(shared.slope_D, 2)
    assert rises.mean() == pytest.approx(stays.mean(), abs=0.003)
    low, high = np.split(shared.level_D, 2)
    assert high.mean() - low.mean() == pytest.approx(0.5 - 0.15, abs=0.01)


def test_no_law_surpasses_its_highest() -> None:
    """Three points on a steep line: laws with a bound above 1 are left out."""
    steep = np.array([0.5, 0.65, 0.8])
    draws = draw_power_laws([(BUDGETS, steep)], Family((0.5, 1.0)))
    assert (draws.level_D + draws.slope_D / draws.exponent_D).max() < 1.1  # the level has an error
    free = draw_power_laws([(BUDGETS, steep)], Family((0.5, 1.0), highest=math.inf))
    assert (free.level_D + free.slope_D / free.exponent_D).max() > 1.2
