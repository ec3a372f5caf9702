"""Reads what advice is given by: the pool, the labels so far, and the last score record."""

from dataclasses import dataclass, replace
from itertools import islice

from job.acquisition.features.situation import MAX_COMPARED, situation_of
from job.acquisition.numerics.near_duplicates import in_runs
from job.acquisition.strategies.recommended import Recommended
from job.acquisition.strategy import Images, Task
from job.advice.facts import Facts, labels_of, resolution_of
from job.artifacts.listing import Listing
from job.artifacts.round_reader import RoundReader
from job.data.dataset import Dataset
from job.data.shards import read_labelled
from job.detection.detectors.architecture import architecture_of
from job.keys import RoundRef, Stage
from job.plan import Plan
from job.records.annotation import Annotation
from job.selection import embed, task_of, task_with
from job.storage import Store

MAX_TEST_IMAGES = 2_000
"""So many test images are read if nothing of the pool is labelled."""


@dataclass(frozen=True)
class Moment:
    """Where an experiment stands: the round that would select next."""

    ref: RoundRef
    is_scored: bool
    """Whether its previous round was scored."""


def begin(plan: Plan) -> Moment:
    """Return the moment at which nothing is done."""
    return Moment(RoundRef(plan.config.experiment, plan.seeds[0], None, 0), is_scored=False)


def find_moment(store: Store, plan: Plan, arm: str | None, seed: int | None) -> Moment:
    """Return the round after the last one that is scored; if none is, after one that is labelled.

    Args:
        store: Where the experiment is; it need not have begun.
        plan: Its plan.
        arm: Of this arm only; None: of any arm.
        seed: Of this seed only; None: of any seed.

    Raises:
        UsageError: There is no such arm or seed.
    """
    arms = [plan.arm(arm)] if arm else [each for each in plan.arms if each.is_compared]
    if seed is not None:
        plan.check_seed(seed)
    seeds = plan.seeds if seed is None else (seed,)
    name, num_rounds = plan.config.experiment, plan.config.rounds
    following = [
        RoundRef(name, each, of.name, index)
        for each in seeds
        for of in arms
        for index in range(1, num_rounds + 1)
    ]
    listing = Listing.of(store, name)
    stages: tuple[Stage, ...] = ("score", "annotate")
    for stage in stages:
        reached = [ref for ref in following if ref.at(ref.index - 1).stage(stage).done in listing]
        if reached:
            return Moment(max(reached, key=lambda ref: ref.index), stage == "score")
    return begin(plan)


def look(store: Store, plan: Plan, moment: Moment, *, is_planned: bool) -> Facts:
    """Return what is known at a moment.

    Without a score record, images are embedded by the backbone: all, or a sample.

    Args:
        store: It is only read.
        plan: The experiment's, or one that only says what the detector is.
        moment: Where the experiment stands.
        is_planned: Whether the plan's budget means anything.

    Raises:
        UsageError: The store does not hold the data set.
        ConfigError: The backbone's weights are missing.
        TemporaryError: They could not be downloaded.
    """
    config, index = plan.config, moment.ref.index
    is_over = index >= config.rounds
    io = RoundReader(store, plan, moment.ref, budget=0 if is_over or not is_planned else None)
    task = task_of(io, Recommended()) if moment.is_scored else _task_without_scores(io)
    labels, detector = labels_of(_of_pool(io, plan), io.dataset.classes), config.detector
    some = labels or labels_of(_of_test(io.dataset), io.dataset.classes)
    architecture = architecture_of(detector)
    planned = len(io.dataset.given_ids()) + config.budget.total(config.rounds)
    return Facts(
        dataset=config.dataset.name,
        next_round=index,
        num_unlabelled=len(io.pool_before.unlabelled),
        seen_by=_seen_by(io, moment),
        is_pretrained=moment.is_scored or detector.is_pretrained,
        situation=situation_of(task),
        labels=labels,
        resolution=resolution_of(
            some,
            detector.model,
            detector.size,
            architecture.smallest_box,
            are_of_test_images=labels is None,
        ),
        num_planned=min(planned, len(io.pool_before.ids)) if is_planned else None,
        pays_for_looking=config.annotation.seconds(1, 0) > 0 or config.annotation.money(1, 0) > 0,
    )


def _task_without_scores(io: RoundReader) -> Task:
    """Return a task with embeddings alone, of all unlabelled images or of a sample."""
    pool = io.pool_before
    unlabelled = list(pool.unlabelled)
    ids = tuple(unlabelled[row] for row in in_runs(len(unlabelled), MAX_COMPARED))
    # One by one, so that of a bucket no more is read than that.
    record = embed(io, io.dataset.read_images("pool", ids), len(ids), "embed")
    labelled = Images(tuple(each for each in pool.ids if each in pool.labelled))
    return replace(task_with(io, Images(ids, record), labelled), is_cold_start=True)


def _seen_by(io: RoundReader, moment: Moment) -> str:
    if moment.is_scored:
        before = moment.ref.at(moment.ref.index - 1)
        arm = f", arm {before.arm}" if before.arm else ""
        return f"the score record of seed {before.seed}{arm}, round {before.index}"
    detector = io.config.detector
    return f"the backbone at {detector.size} px ({detector.weights or detector.backbone})"


def _of_pool(io: RoundReader, plan: Plan) -> list[Annotation]:
    given = list(io.dataset.known_labels(io.new_given).values())
    if not io.earlier:
        return given
    before = RoundReader(io.store, plan, io.earlier[-1])
    return [*(image.annotation for image in before.labelled_so_far()), *given]


def _of_test(dataset: Dataset) -> list[Annotation]:
    images = (
        image
        for number in range(len(dataset.shards("test")))
        for image in read_labelled(dataset.fetch_shard("test", number))
    )
    return [image.annotation for image in islice(images, MAX_TEST_IMAGES)]
