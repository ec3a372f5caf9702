"""How often the report claims something where there is nothing, and how large an effect it finds.

Made-up experiments go through the report's own code, once after every round, and are stopped at the
first claim. As real ones, their arms share round 0 of a seed, and seeds differ from each other.
"""

import argparse
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from statistics import fmean

import first  # noqa: F401
import numpy as np
from measure import machine

from job.report.analysis.findings import find
from job.report.analysis.missing import MissingRounds
from job.report.analysis.results import Row
from job.report.verdict.judgement import Judgement, judge

ARMS = ("random", "a", "b", "c")
SETUP_COST = 1.0
FEW_ROUNDS = 5
"""Up to so many rounds, budgets double; more of them are evenly spaced."""
SPREAD = 0.015
"""The standard deviation of a metric in one round, over arms of a seed."""

Draw = Callable[[np.random.Generator, tuple[int, int, int]], np.ndarray]
"""Draws noise of spread 1 for (seeds, arms, rounds)."""
NOISES: dict[str, Draw] = {
    "normal": lambda rng, shape: rng.normal(size=shape),
    "random walk": lambda rng, shape: rng.normal(size=shape).cumsum(-1) / np.sqrt(shape[-1] / 2),
    "t, 3 degrees": lambda rng, shape: rng.standard_t(3, size=shape) / np.sqrt(3),
    "skewed": lambda rng, shape: rng.exponential(size=shape) - 1,
}


@dataclass(frozen=True)
class Made:
    """A made-up experiment: its metrics, (seeds, arms, rounds), and images of each round."""

    metrics: np.ndarray
    images: np.ndarray

    def rows(self, num_rounds: int) -> list[Row]:
        """The results after so many rounds of all arms and seeds."""
        return [
            _row(ARMS[arm], seed, index, float(self.metrics[seed, arm, index]), int(images))
            for seed, arm in np.ndindex(self.metrics.shape[:2])
            for index, images in enumerate(self.images[:num_rounds])
        ]

    def judged(self, num_rounds: int) -> Judgement:
        """What the report says after so many rounds."""
        num_seeds, _, planned = self.metrics.shape
        left = num_seeds * (planned - num_rounds)
        missing = MissingRounds(dict.fromkeys(ARMS, left) if left else {})
        return judge(find(self.rows(num_rounds), ARMS, None, missing), SETUP_COST)


def made(rng: np.random.Generator, noise: Draw, shape: tuple[int, int], effect: float) -> Made:
    """Make an experiment of (seeds, rounds); from round 1 on, arm a has the effect."""
    num_seeds, num_rounds = shape
    images = (
        50 * 2 ** np.arange(num_rounds)
        if num_rounds <= FEW_ROUNDS
        else 50 * (1 + np.arange(num_rounds))
    )
    rise = 0.10 * np.log2(images / images[0]) / np.log2(images[-1] / images[0]) + 0.15
    of_seed = rng.normal(0, 0.02, (num_seeds, 1, 1))
    own = SPREAD * noise(rng, (num_seeds, len(ARMS), num_rounds))
    own[:, :, 0] = own[:, :1, 0]
    own[:, 1, 1:] += effect
    return Made(np.clip(rise + of_seed + own, 0.001, 1), images)


def _row(arm: str, seed: int, index: int, metric: float, images: int) -> Row:
    return Row(
        strategy=arm,
        args="{}",
        step=index,
        mAP=metric,
        train_time=100.0,
        active_time=0.0,
        total_time=100.0,
        total_samples=images,
        bboxes=3 * images,
        experiment="made",
        seed=seed,
        arm=arm,
        round=index,
        new_samples=0,
        map_11point=None,
        map_coco=None,
        annotation_seconds=63.0 * images,
        annotation_money=0.2 * images,
    )


def claims(judgement: Judgement) -> set[str]:
    """What a page claims: of any arm, and of arm a by itself."""
    found = set()
    for each in judgement.verdicts:
        is_saving = any(claim.is_shown for claim in each.savings)
        is_paying = each.pays is not None and each.pays.is_shown
        if each.outcome == "equal":
            found.add("equal")
        if each.outcome in {"better", "worse"} or each.is_ahead or is_saving or is_paying:
            found.add("difference")
        if is_saving:
            found.add("saving")
    return found


def of_arm_a(judgement: Judgement) -> set[str]:
    """What a page says of the arm that has the effect."""
    (ours,) = (each for each in judgement.verdicts if each.arm == "a")
    in_images = any(each.is_shown for each in ours.savings if each.saving.axis == "images")
    return {ours.outcome} | ({"saving"} if in_images else set())


def looked_at(experiment: Made) -> set[str]:
    """Look after every round, and stop at the first claim."""
    found: set[str] = set()
    for num_rounds in range(1, len(experiment.images) + 1):
        found = claims(experiment.judged(num_rounds))
        if found:
            break
    return found


def looked_at_twice(experiment: Made) -> set[str]:
    """Look at the first half of the seeds when they are finished, and else at all of them."""
    half = Made(experiment.metrics[: len(experiment.metrics) // 2], experiment.images)
    return looked_at(half) or looked_at(experiment)


def at_the_end(experiment: Made) -> set[str]:
    """Look once, at arm a."""
    return of_arm_a(experiment.judged(len(experiment.images)))


def shares(
    look: Callable[[Made], set[str]], setting: tuple[str, int, int, float], number: int
) -> dict[str, float]:
    """The share of experiments that claim something, by what they claim."""
    noise, num_seeds, num_rounds, effect = setting
    rng = np.random.default_rng([*noise.encode(), num_seeds, num_rounds, round(1e4 * effect)])
    found: Counter[str] = Counter()
    for _ in range(number):
        found.update(look(made(rng, NOISES[noise], (num_seeds, num_rounds), effect)))
    return {kind: count / number for kind, count in found.items()}


def percent(share: float) -> str:
    """A share in percent."""
    return f"{100 * share:.1f} %"


def without_effect(number: int) -> Iterator[str]:
    """Yield the table of experiments in which all arms are the same."""
    yield f"No effect, {number} experiments a row, looked at after every round:\n"
    yield "| noise | rounds | seeds | a difference claimed | a saving | equality |"
    yield "| --- | --- | --- | --- | --- | --- |"
    claimed = []
    cells = [(n, s, r) for n in NOISES for r in (5, 10) for s in (5, 10)]
    for noise, num_seeds, num_rounds in cells:
        found = shares(looked_at, (noise, num_seeds, num_rounds, 0.0), number)
        yield f"| {noise} | {num_rounds} | {num_seeds} | {_no_effect_cells(found)} |"
        claimed.append(found.get("difference", 0.0))
    yield f"| all of the above | | | {percent(fmean(claimed))} | | |"
    found = shares(looked_at_twice, ("normal", 10, 5, 0.0), number)
    yield f"| normal, five more seeds after a look at five | 5 | 10 | {_no_effect_cells(found)} |"


def _no_effect_cells(found: Mapping[str, float]) -> str:
    kinds = (found.get("difference", 0), found.get("saving", 0), found.get("equal", 0))
    return " | ".join(map(percent, kinds))


def with_effect(number: int) -> Iterator[str]:
    """Yield the table of how often an effect is found."""
    yield f"\nArm a ahead from round 1 on, normal, 5 rounds, {number} experiments a row:\n"
    yield "| effect | seeds | better | equal | not shown | worse | a saving of images |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    for effect in (0.0, 0.005, 0.01, 0.02, 0.03, 0.04):
        for num_seeds in (5, 10):
            found = shares(at_the_end, ("normal", num_seeds, 5, effect), number)
            kinds = ("better", "equal", "not shown", "worse", "saving")
            cells = " | ".join(percent(found.get(kind, 0)) for kind in kinds)
            yield f"| {100 * effect:g} points | {num_seeds} | {cells} |"


def main() -> None:
    """Make experiments, look, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--experiments", type=int, default=400)
    number = parser.parse_args().experiments
    begun = time.perf_counter()
    for table in (without_effect, with_effect):
        for line in table(number):
            print(line, flush=True)
    print(f"\n{machine()}; {time.perf_counter() - begun:.0f} s")


if __name__ == "__main__":
    main()
