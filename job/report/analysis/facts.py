"""What the store knows of an experiment beside its learning curves.

All of it is read from finished stages; what is not done yet is left out, what is missing is None.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from statistics import fmean

from job.acquisition.strategy import Pick
from job.artifacts.cost import Cost
from job.artifacts.experiment_file import UsedVersion
from job.artifacts.logs import num_attempts
from job.artifacts.markers import Marker
from job.artifacts.reader import Reader
from job.artifacts.usage import Ledger, Usage
from job.data.dataset import Dataset
from job.keys import STAGES, RoundRef, Stage
from job.plan import Arm, Plan
from job.report.analysis.held_out import costs_of_test, num_held_out, told_test


@dataclass(frozen=True)
class RoundFacts:
    """One arm's round under one seed, as far as it is done."""

    seed: int
    arm: str
    round: int
    seconds: dict[Stage, float]
    """Of the stages that are done. Those of round 0 are listed once for each arm."""
    missing: tuple[Stage, ...]
    """Stages that are not done."""
    attempts: dict[Stage, int]
    """How many attempts at a stage the store keeps logs of, if the stage is not done or took more
    than one."""
    class_counts: dict[str, int]
    """Boxes that were labelled in this round, by class."""
    picks: tuple[Pick, ...]
    reads_scores: bool
    """Whether its picks were made by the scores of the previous round."""
    ap50: dict[str, float | None]
    """Average precision of each class at IoU 0.5, on the test set."""
    num_given: int = 0
    """Images whose labels came along, up to this round."""
    num_corrected: int = 0
    """Images that were trained on with a label that was corrected since."""
    cautions: tuple[str, ...] = ()
    """What looks wrong about its picks, a sentence for each."""
    not_labelled: frozenset[str] = frozenset()
    """Picks that people refused or left open."""

    @property
    def labelled(self) -> tuple[Pick, ...]:
        """The picks without those that people refused or left open."""
        return tuple(pick for pick in self.picks if pick.id not in self.not_labelled)


@dataclass(frozen=True)
class Facts:
    """An experiment beside its curves."""

    arms: tuple[str, ...]
    """The arms that are compared, in their order."""
    rounds: tuple[RoundFacts, ...]
    classes: tuple[str, ...]
    pool_images: int
    pool_class_counts: dict[str, int]
    """By the oracle: a simulated annotator's whole knowledge."""
    dataset: dict[str, str]
    """What identifies the data: digests of the manifest and of the ids, sizes."""
    versions: tuple[str, ...]
    """Of the program, of all finished stages."""
    threads: tuple[int, ...]
    container_images: tuple[str, ...]
    """Container images, of all finished stages that ran in a cluster, with their digests."""
    starts: tuple[str, ...] = ()
    """What finished trainings started from, in words, each once, in the order of the rounds."""
    has_test: bool = True
    """Whether the data set has a test set."""
    moves: tuple[tuple[int, int, int], ...] = ()
    """Of each later version of the data set: its first round, its number, images of its pool."""
    cannot_rank: Mapping[str, str] = field(default_factory=dict)
    """Arms that cannot rank images of so many classes -> why."""

    test_costs: tuple[Cost, ...] = ()
    """Of the test set that is drawn from the pool, what the labels of each version took, in which
    those of the version before it are. No arm's cost has a part of it."""
    num_held_out: int = 0
    """How many images of the pool no arm may select: the test set, with all of its groups."""
    num_outdated: int = 0
    """Rounds that were measured on an earlier version of the test set only."""
    usage: Mapping[str, Usage] = field(default_factory=dict)
    """What the Jobs of each kind of stage took of a cluster; empty: none ran on one."""

    @property
    def num_to_train_on(self) -> int:
        """The images of the pool that are not held out for the test set."""
        return self.pool_images - self.num_held_out

    @property
    def num_to_choose_from(self) -> int:
        """Those of them whose labels did not come along."""
        return self.num_to_train_on - max((each.num_given for each in self.rounds), default=0)


def read_facts(reader: Reader, plan: Plan, versions: Sequence[UsedVersion]) -> Facts:
    """Read what finished stages left.

    Args:
        reader: One with a listing of the experiment.
        plan: The experiment.
        versions: The versions of the data set that it uses, see `used_versions`.

    Raises:
        BadDataError: An object of a finished stage is damaged.
    """
    first, *later = versions
    seen = [marker for each in plan.stages() if (marker := reader.markers.get(each))]
    pool, num_own = versions[-1].data.info("pool"), first.data.info("test").num_images
    costs = costs_of_test(reader, plan)
    ledger = Ledger(reader.store, plan.config.experiment, reader.listing)
    images, digests = [marker for marker in seen if marker.image], ledger.images()
    return Facts(
        arms=tuple(arm.name for arm in plan.arms if arm.is_compared),
        rounds=tuple(_round(reader, plan, arm, ref) for arm, ref in plan.rounds()),
        classes=first.data.classes,
        pool_images=pool.num_images,
        pool_class_counts=dict(pool.class_counts),
        dataset=_told(first.data)
        | told_test(plan, costs)
        | {f"digest from round {each.from_round} on": each.data.digest for each in later},
        versions=tuple(sorted({marker.version for marker in seen})),
        threads=tuple(sorted({marker.threads for marker in seen})),
        container_images=tuple(sorted({_image(each, digests) for each in images})),
        starts=tuple(dict.fromkeys(_in_words(marker.start) for marker in seen if marker.start)),
        has_test=bool(plan.config.test_sizes if plan.config.test else num_own),
        test_costs=costs,
        num_held_out=num_held_out(reader, plan, versions[-1].data),
        moves=tuple(
            (each.from_round, each.data.version, each.data.info("pool").num_images)
            for each in later
        ),
        cannot_rank=plan.cannot_rank(len(first.data.classes)),
        usage=ledger.totals(),
    )


def _image(marker: Marker, digests: Mapping[str, str]) -> str:
    """Return the container image of a stage, with its digest if that is known: a tag may move."""
    digest = digests.get(marker.attempt, "").rpartition("@")[2]
    return f"{marker.image} ({digest})" if digest and digest not in marker.image else marker.image


def _in_words(start: Mapping[str, str]) -> str:
    """Return what a training started from, with parts of one origin together."""
    parts: dict[str, list[str]] = {}
    for part, origin in start.items():
        parts.setdefault(origin, []).append(part)
    return "; ".join(f"{', '.join(names)}: {origin}" for origin, names in parts.items())


def _told(dataset: Dataset) -> dict[str, str]:
    """Return what identifies a version of a data set, by what it is."""
    pool, test = dataset.info("pool"), dataset.info("test")
    boxes = f"{pool.num_boxes} boxes" if dataset.has_ground_truth else "no ground truth"
    given = len(dataset.given_ids())
    return {
        "name": dataset.manifest.name,
        "digest": dataset.digest,
        "pool": f"{pool.num_images} images, {boxes}",
        "pool index": pool.index_sha256,
        **({"came with labels": f"{given} images of the pool"} if given else {}),
        "test": f"{test.num_images} images, {test.num_boxes} boxes" if test.num_images else "none",
        "test index": test.index_sha256,
    }


def _round(reader: Reader, plan: Plan, arm: Arm, ref: RoundRef) -> RoundFacts:
    found = {stage: reader.markers.get(ref.stage(stage)) for stage in plan.stages_of(ref)}
    done = {stage: marker for stage, marker in found.items() if marker}
    attempts = {stage: num_attempts(reader.listing, ref.stage(stage)) for stage in found}
    classes = reader.metrics(ref).classes if "evaluate" in done else {}
    outcome = reader.outcome(ref)
    return RoundFacts(
        seed=ref.own_seed,
        arm=arm.name,
        round=ref.index,
        seconds={stage: marker.seconds for stage, marker in done.items()},
        missing=tuple(stage for stage, marker in found.items() if not marker),
        attempts={stage: number for stage, number in attempts.items() if number > (stage in done)},
        class_counts=reader.cost(ref).own.class_counts if "annotate" in done else {},
        picks=reader.picks(ref) if "select" in done else (),
        reads_scores="select" in done and done["select"].reads_scores,
        ap50={name: each.ap50_area for name, each in classes.items()},
        num_given=reader.cost(ref).given.images if "annotate" in done else 0,
        num_corrected=len(reader.corrected(ref)) if "train" in done else 0,
        cautions=done["select"].cautions if "select" in done else (),
        not_labelled=frozenset(outcome.ids("refused") + outcome.ids("open") if outcome else ()),
    )


def seconds_by_arm(facts: Facts) -> dict[str, dict[str, float]]:
    """Return for each arm the seconds of each kind of stage, mean over seeds, rounds together.

    The mean covers the seeds that are finished; if none is, those that have begun. The scoring of a
    round counts for the arms that select by it.
    """
    result: dict[str, dict[str, float]] = {}
    for arm in facts.arms:
        mine = [each for each in facts.rounds if each.arm == arm]
        unfinished = {each.seed for each in mine if each.missing}
        finished = [each for each in mine if each.seed not in unfinished]
        mine = finished or [each for each in mine if each.seconds]
        num_seeds = max(len({each.seed for each in mine}), 1)
        read = {(each.seed, each.round - 1) for each in mine if each.reads_scores}
        result[arm] = {
            stage: sum(
                each.seconds.get(stage, 0.0)
                for each in mine
                if stage != "score" or (each.seed, each.round) in read
            )
            / num_seeds
            for stage in STAGES
        }
    return result


def ap_by_arm(facts: Facts) -> dict[str, dict[str, float]]:
    """Return each arm's AP of each class after the last round that any of its seeds has.

    The mean over the seeds that have it; NaN if no test image shows the class.
    """
    result = {}
    for arm in facts.arms:
        mine = [each for each in facts.rounds if each.arm == arm and each.ap50]
        if mine:
            index = max(each.round for each in mine)
            last = [each for each in mine if each.round == index]
            result[arm] = {
                name: fmean(_number(each.ap50[name]) for each in last) for name in facts.classes
            }
    return result


def _number(value: float | None) -> float:
    return float("nan") if value is None else value


def picked_shares(facts: Facts) -> dict[str, dict[str, float]]:
    """Return each arm's shares of the classes among the boxes it had labelled after round 0.

    Beside them, those of the whole pool, if it has ground truth.
    """
    counts = {"pool": facts.pool_class_counts} if any(facts.pool_class_counts.values()) else {}
    for arm in facts.arms:
        mine = [each for each in facts.rounds if each.arm == arm and each.round > 0]
        if any(each.class_counts for each in mine):
            counts[arm] = {
                name: sum(each.class_counts.get(name, 0) for each in mine) for name in facts.classes
            }
    return {
        name: {each: of[each] / max(sum(of.values()), 1) for each in facts.classes}
        for name, of in counts.items()
    }


def boxes_per_image(facts: Facts) -> dict[str, float]:
    """Return the true boxes of an image that each arm labelled after round 0, and of the pool's.

    A pool without ground truth is left out.
    """
    pool_boxes = sum(facts.pool_class_counts.values())
    result = {"pool": pool_boxes / max(facts.pool_images, 1)} if pool_boxes else {}
    for arm in facts.arms:
        mine = [each for each in facts.rounds if each.arm == arm and each.round > 0]
        num_images = sum(len(each.labelled) for each in mine if each.class_counts)
        if num_images:
            result[arm] = sum(sum(each.class_counts.values()) for each in mine) / num_images
    return result


def overlaps(facts: Facts) -> dict[tuple[str, str], float]:
    """Return for each pair of arms the Jaccard index of what they picked after round 0.

    The mean over the seeds that both have, of the rounds that both have.
    """
    result = {}
    for first, second in combinations(facts.arms, 2):
        values = []
        for seed in {each.seed for each in facts.rounds}:
            ours, theirs = (_picked(facts, arm, seed) for arm in (first, second))
            shared = ours.keys() & theirs.keys()
            if shared:
                a = set().union(*(ours[index] for index in shared))
                b = set().union(*(theirs[index] for index in shared))
                values.append(len(a & b) / len(a | b))
        if values:
            result[first, second] = fmean(values)
    return result


def _picked(facts: Facts, arm: str, seed: int) -> dict[int, set[str]]:
    return {
        each.round: {pick.id for pick in each.picks}
        for each in facts.rounds
        if (each.arm, each.seed) == (arm, seed) and each.round > 0 and each.picks
    }
