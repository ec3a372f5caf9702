"""Rounds: the quickstart outside its stages' computation, and arms and seeds that share work."""

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
from bench.lines import Line, parser, say
from bench.timing import Samples, Seconds, in_turn

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


def quickstart() -> Seconds:
    """What share of the quickstart is something else than computation."""
    with tempfile.TemporaryDirectory() as folder:
        store = LocalStore(Path(folder))
        config = experiment.init(store, Plan(loading.load("quickstart"))).config  # draws the data
        computed = [0.0]
        with clocked(computed):
            begun = time.perf_counter()
            update_report(store, experiment.run(store, config).plan)
            whole = time.perf_counter() - begun
    return Seconds((whole - computed[0]) / whole)


def run(config: Config, image_cache_mb: int) -> Seconds:
    """The seconds of an experiment in a store of its own."""
    runtime = config.runtime.model_copy(update={"image_cache_mb": image_cache_mb})
    config = config.model_copy(update={"runtime": runtime})
    with tempfile.TemporaryDirectory() as folder:
        store = LocalStore(Path(folder))
        experiment.init(store, Plan(config))  # draws the data
        begun = time.perf_counter()
        experiment.run(store, config)
        return Seconds(time.perf_counter() - begun)


def sharing() -> Iterator[Line]:
    """Four arms with five seeds, in one experiment and each by itself."""
    config = loading.parse(SHARED, "shared")
    apart = [
        config.model_copy(update={"seeds": (seed,), "arms": {name: arm}})
        for seed in config.seeds
        for name, arm in config.arms.items()
    ]
    samples: Samples = in_turn(
        {
            "kept": lambda: run(config, 1000),
            "forgotten": lambda: run(config, 0),
            "apart": lambda: Seconds(sum(run(each, 0) for each in apart)),
        }
    )
    for beside, peer in (
        ("20 runs, each on its own", "apart"),
        ("image_cache_mb: 0", "forgotten"),
    ):
        yield samples.compare("4 arms x 5 seeds, 2 rounds", "kept", beside, peer, shown)


def shown(seconds: float) -> str:
    """Seconds as a text."""
    return f"{seconds:.1f} s"


def main() -> None:
    """Measure, and print."""
    arguments = parser(__doc__).parse_args()
    besides = in_turn({"besides": quickstart})
    line = besides.absolute("the quickstart's rounds and report", "besides", 100, " %")
    say([line, *sharing()], arguments)


if __name__ == "__main__":
    main()
