"""An experiment that nobody ran: markers and small results that fit, for what reads only these."""

import hashlib
from collections.abc import Iterable

from job.artifacts.markers import Marker, digest_of, dump_marker
from job.artifacts.metrics import dump_metrics
from job.artifacts.names import METRICS
from job.config import loading
from job.config.schema import Config
from job.detection.metrics.average_precision import Metrics
from job.keys import StageRef
from job.plan import Plan
from job.storage import Store

SCORE_PARTS = 20
EVALUATED = Metrics(0.5, 0.4, 0.3, {}, num_images=10, num_boxes=20)


def study(arms: int, seeds: int, rounds: int) -> Config:
    """Return the configuration of an experiment of many stages."""
    settings = "".join(f"  arm-{number:02d}: {{strategy: entropy}}\n" for number in range(arms))
    text = (
        "experiment: study\n"
        "dataset: {name: drawn, synthetic: {num_pool: 30, num_test: 10}}\n"
        f"rounds: {rounds}\n"
        f"seeds: [{', '.join(map(str, range(seeds)))}]\n"
        "budget: {initial: 1, per_round: 1}\n"
        f"arms:\n{settings}"
    )
    return loading.parse(text, "study")


def finish(store: Store, plan: Plan, stages: Iterable[StageRef]) -> None:
    """Make stages done: each has a marker, and an evaluation has its metrics."""
    for ref in stages:
        store.write(ref.done, dump_marker(_marker(plan, ref)))
        if ref.stage == "evaluate":
            store.write(ref.key(METRICS), dump_metrics(EVALUATED))


def _marker(plan: Plan, ref: StageRef) -> Marker:
    outputs = _outputs(ref)
    return Marker(
        inputs={need.done: digest_of(_outputs(need)) for need in plan.needs(ref)},
        outputs=outputs,
        digest=digest_of(outputs),
        config=plan.config.stage_digest(ref),
        seconds=12.5,
        version="0.2.0",
        attempt=f"al-voc-{ref.stage}-1-abcde",
        threads=4,
        image="registry/al-job@sha256:" + 64 * "0",
    )


def _outputs(ref: StageRef) -> dict[str, str]:
    if ref.stage == "evaluate":
        return {METRICS: hashlib.sha256(dump_metrics(EVALUATED)).hexdigest()}
    names = [f"part-{number:05d}.parquet" for number in range(SCORE_PARTS)]
    names = names if ref.stage == "score" else ["result"]
    return {name: hashlib.sha256(f"{ref.prefix}{name}".encode()).hexdigest() for name in names}
