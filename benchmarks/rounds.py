"""Rounds: the quickstart outside its stages' computation, and arms and seeds that share work."""

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import wraps
from pathlib import Path
from pkgutil import resolve_name
from typing import Any
from unittest.mock import patch

import first  # noqa: F401
from measure import Row, table

from job import experiment
from job.config import loading
from job.config.schema import Config
from job.plan import Plan
from job.report.build import update_report
from job.storage.local import LocalStore

COMPUTATION = (
    "job.detection.training.inputs.fit",
    "job.stages.score.record_images",
    "job.stages.evaluate.detect_images",
    "job.stages.evaluate.evaluate",
    "job.selection.pick",
)
"""What the stages are for; they run one after another."""
SHARED = """
experiment: shared
dataset: {name: drawn, synthetic: {num_pool: 400, num_test: 100, size: 128}}
seeds: [0, 1, 2, 3, 4]
rounds: 2
budget: {initial: 32, per_round: 32}
cold_start: {strategy: random}
arms:
  random: {strategy: random}
  entropy: {strategy: entropy}
  brust: {strategy: brust}
  margin: {strategy: brust, aggregation: max}
detector: {size: 64, width: 0.25, backbone: scratch}
train: {steps: 3, batch_size: 8, augmentation: flip}
runtime: {threads: 2}
"""


@contextmanager
def clocked(seconds: list[float]) -> Iterator[None]:
    """Within, add up the time of all that is computation."""

    def clock(function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def timed(*args: Any, **kwargs: Any) -> Any:
            begun = time.perf_counter()
            result = function(*args, **kwargs)
            seconds[0] += time.perf_counter() - begun
            return timed_steps(result) if hasattr(result, "send") else result

        return timed

    def timed_steps(generator: Any) -> Iterator[Any]:
        try:
            while True:
                begun = time.perf_counter()
                try:
                    each = next(generator)
                except StopIteration:
                    return
                finally:
                    seconds[0] += time.perf_counter() - begun
                yield each
        finally:
            generator.close()

    with ExitStack() as stack:
        for name in COMPUTATION:
            stack.enter_context(patch(name, clock(resolve_name(name))))
        yield


def quickstart() -> Row:
    """How much of the quickstart is something else than computation."""
    with tempfile.TemporaryDirectory() as folder:
        store = LocalStore(Path(folder))
        config = experiment.init(store, Plan(loading.load("quickstart"))).config  # draws the data
        computed = [0.0]
        with clocked(computed):
            begun = time.perf_counter()
            update_report(store, experiment.run(store, config).plan)
            whole = time.perf_counter() - begun
    other = whole - computed[0]
    return Row(
        "the quickstart's rounds and report",
        f"{whole:.1f} s",
        f"of it training, inference, picking and AP {computed[0]:.1f} s",
        f"{100 * other / whole:.1f} % besides",
        "5 %",
    )


def run(config: Config, image_cache_mb: int) -> tuple[float, int]:
    """The seconds and the number of stages of an experiment in a store of its own."""
    runtime = config.runtime.model_copy(update={"image_cache_mb": image_cache_mb})
    config = config.model_copy(update={"runtime": runtime})
    with tempfile.TemporaryDirectory() as folder:
        store = LocalStore(Path(folder))
        experiment.init(store, Plan(config))  # draws the data
        begun = time.perf_counter()
        number = experiment.run(store, config).num_run
        return time.perf_counter() - begun, number


def sharing() -> Iterator[Row]:
    """Four arms with five seeds, in one experiment and each by itself."""
    config = loading.parse(SHARED, "shared")
    kept, num_stages = run(config, 1000)
    forgotten, _ = run(config, 0)
    apart = [
        run(config.model_copy(update={"seeds": (seed,), "arms": {name: arm}}), 0)
        for seed in config.seeds
        for name, arm in config.arms.items()
    ]
    yield Row(
        "4 arms x 5 seeds, 2 rounds",
        f"{kept:.1f} s, {num_stages} stages",
        f"20 runs, each on its own {sum(s for s, _ in apart):.1f} s, "
        f"{sum(n for _, n in apart)} stages",
        f"{sum(s for s, _ in apart) / kept:.2f}",
        "round 0 once for each seed",
    )
    yield Row(
        "the same: what was decoded stays in memory",
        f"{kept:.1f} s",
        f"image_cache_mb: 0 {forgotten:.1f} s",
        f"{forgotten / kept:.2f}",
        "",
    )


def main() -> None:
    """Measure, and print."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    print(table([quickstart(), *sharing()]))


if __name__ == "__main__":
    main()
