"""What each stage has to do, by the plan and the data alone: images to see, and steps to take."""

from collections.abc import Callable
from dataclasses import dataclass

from job.keys import RoundRef, StageRef
from job.plan import Plan


@dataclass(frozen=True)
class Sizes:
    """The images of one version of a data set."""

    pool: int
    given: int
    """Images of the pool whose labels came along with them."""
    test: int
    held_out: int = 0
    """Images of the pool that no arm may select: those of the test set, with their groups."""


class Workload:
    """How many images or steps each stage of an experiment has."""

    def __init__(self, plan: Plan, sizes_at: Callable[[int], Sizes]) -> None:
        """Keep what decides it.

        Args:
            plan: The experiment's.
            sizes_at: From a round to the sizes of the version of the data set that it uses.
        """
        self._plan = plan
        self._sizes_at = sizes_at

    def picks(self, ref: RoundRef) -> int:
        """Return how many images a round selects; fewer than its budget if the pool is used up."""
        if ref.is_test:
            return self._plan.config.test_size_of(ref.index)
        before = self._selected(ref.at(ref.index - 1)) if ref.index else 0
        return max(self._selected(ref) - before, 0)

    def selectable(self, round_index: int) -> int:
        """Return how many images of the pool are for selecting.

        They came without labels, and are not drawn for the test set.
        """
        sizes = self._sizes_at(round_index)
        return sizes.pool - sizes.given - sizes.held_out

    def labelled(self, ref: RoundRef) -> int:
        """Return how many images are labelled after a round, those that came along among them."""
        return self._selected(ref) + self._sizes_at(ref.index).given

    def amount(self, stage: StageRef) -> int:
        """Return the optimizer steps of a training, and the images that another stage sees.

        `select` sees the unlabelled images, and `annotate` those that were picked.
        """
        ref, sizes = stage.round, self._sizes_at(stage.data_round)
        match stage.stage:
            case "select" if ref.is_test:
                return sizes.pool - sizes.given
            case "select":
                before = self._selected(ref.at(ref.index - 1)) if ref.index else 0
                return max(self.selectable(ref.index) - before, 0)
            case "annotate":
                return self.picks(ref)
            case "train":
                warm = self._plan.arm_of(ref).warm_start
                return self._plan.config.train.num_steps(self.labelled(ref), warm_start=warm)
            case "evaluate":
                return sizes.test
            case "score":
                return sizes.pool - sizes.held_out
            case "report":
                message = f"{stage} is of no round"
                raise ValueError(message)

    def _selected(self, ref: RoundRef) -> int:
        """Return how many images were selected up to and with a round."""
        every = self.selectable(ref.index)
        if self._plan.arm_of(ref).labels_all:
            return every
        return min(self._plan.config.budget.total(ref.index + 1), every)
