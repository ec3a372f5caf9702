"""The random draws of an experiment, read from its picks and its labels."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from job.artifacts.reader import Reader
from job.artifacts.round_reader import RoundReader
from job.keys import RoundRef
from job.plan import Arm, Plan
from job.records.annotation import Annotation
from job.report.pool.sampling import LabelledRound, Sample


@dataclass(frozen=True)
class Draws:
    """What an arm labelled under one seed, as far as its pool is the same."""

    arm: str
    seed: int
    refs: tuple[RoundRef, ...]
    """The rounds, in their order; an earlier one had another version of the data set."""
    rounds: tuple[LabelledRound, ...]
    """What each of them labelled."""
    before: tuple[str, ...]
    """The images that were labelled before the first of them."""
    truth: Mapping[str, Annotation]
    """The boxes of every labelled image."""
    classes: tuple[str, ...]
    num_rest: int
    """The images of the pool that are not labelled after the last of them."""
    num_without: int
    """The images that were drawn and have no label, because people did not give one."""

    @property
    def sample(self) -> Sample | None:
        """The sample of the pool; None if nothing was drawn, or if all of the pool is labelled."""
        return Sample.of(self.before, self.rounds, self.num_rest)

    def sample_after(self, number: int) -> Sample | None:
        """Return the sample of what was unlabelled after the round of that place in `rounds`."""
        return Sample.of((), self.rounds[number + 1 :], self.num_rest)


def read_draws(reader: Reader, plan: Plan) -> tuple[Draws, ...]:
    """Return the draws of the first seed of each arm that is compared, if it has labelled any.

    Raises:
        BadDataError: An object of a finished stage is damaged.
    """
    found = (_of_arm(reader, plan, arm) for arm in plan.arms if arm.is_compared)
    return tuple(each for each in found if each)


def _of_arm(reader: Reader, plan: Plan, arm: Arm) -> Draws | None:
    for seed in plan.seeds:
        refs = [ref for of, ref in plan.rounds() if of is arm and ref.seed == seed]
        if ios := list(_annotated(reader, plan, refs)):
            return _of_rounds(arm.name, ios)
    return None


def _annotated(reader: Reader, plan: Plan, refs: Sequence[RoundRef]) -> Iterator[RoundReader]:
    """Yield the rounds whose labels are there, from round 0 on without a gap.

    A round whose picks are made again is not there.
    """
    for ref in refs:
        if not all(reader.markers.get(ref.stage(stage)) for stage in ("select", "annotate")):
            return
        yield RoundReader.beside(reader, plan, ref)


def _of_rounds(arm: str, ios: Sequence[RoundReader]) -> Draws:
    last = ios[-1]
    digest_of = last.config.dataset.sha256_at
    ios = [io for io in ios if digest_of(io.data_round) == digest_of(last.data_round)]
    labelled = [_labelled(io) for io in ios]
    return Draws(
        arm=arm,
        seed=last.round.own_seed,
        refs=tuple(io.round for io in ios),
        rounds=tuple(each for each, _ in labelled),
        before=tuple(sorted(ios[0].pool_before.labelled)),
        truth={image.id: image.annotation for image in last.labelled_so_far()},
        classes=last.dataset.classes,
        num_rest=len(last.pool_after.unlabelled),
        num_without=sum(number for _, number in labelled),
    )


def _labelled(io: RoundReader) -> tuple[LabelledRound, int]:
    """Return what a round labelled, and how many images were drawn in vain."""
    outcome = io.outcome(io.round)
    ids = set(io.labelled_ids(io.round))
    drawn = [pick.id for pick in io.picks(io.round) if io.arm.strategy.is_random(pick)]
    labelled = tuple(each for each in drawn if each in ids)
    found = LabelledRound(
        drawn=labelled,
        others=tuple(sorted(ids.difference(drawn))),
        num_unlabelled=len(io.pool_before.unlabelled)
        - (len(outcome.ids("refused")) if outcome else 0),
    )
    return found, len(drawn) - len(labelled)
