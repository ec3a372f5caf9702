"""The planned rounds that have no result, before which nothing is claimed."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from job.plan import Plan
from job.report.analysis.results import Row


@dataclass(frozen=True)
class MissingRounds:
    """How many planned rounds have no result, by arm."""

    by_arm: Mapping[str, int] = field(default_factory=dict)
    """Of arms that lack some, those among them that have not begun."""
    is_final: bool = False
    """Whether these rounds will not come, so that what is there may be judged."""

    def unfinished(self, arms: Collection[str], baseline: str) -> frozenset[str]:
        """Return the arms that may claim nothing yet: they or the baseline lack rounds."""
        if self.is_final:
            return frozenset()
        everyone = frozenset({*arms, *self.by_arm} - {baseline})
        return everyone if baseline in self.by_arm else everyone & self.by_arm.keys()

    def num_compared(self, arms: Collection[str], baseline: str) -> int:
        """Return how many arms are to be compared with the baseline."""
        return len({*arms, *self.by_arm} - {baseline})


def missing_rounds(plan: Plan, rows: Iterable[Row], *, is_final: bool = False) -> MissingRounds:
    """Return the planned rounds of arms that are compared which have no result.

    Args:
        plan: The experiment.
        rows: Its results.
        is_final: Whether no round will come any more.
    """
    there = {(row.arm, row.seed, row.round) for row in rows}
    missing = Counter(
        arm.name
        for arm, ref in plan.rounds()
        if arm.is_compared and (arm.name, ref.seed, ref.index) not in there
    )
    return MissingRounds(dict(missing), is_final)


ALL_THERE = MissingRounds()
"""No round is missing."""
