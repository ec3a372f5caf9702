"""What the store knows of a test set that is drawn from the pool."""

from collections.abc import Sequence

from job.acquisition.strategies.held_out import with_groups
from job.artifacts.cost import Cost
from job.artifacts.reader import Reader
from job.data.dataset import Dataset
from job.plan import Plan


def costs_of_test(reader: Reader, plan: Plan) -> tuple[Cost, ...]:
    """Return what the labels of each version took, in which those of the version before are."""
    done = (ref for ref in plan.test_rounds() if reader.markers.get(ref.stage("annotate")))
    return tuple(reader.cost(ref).cumulative for ref in done)


def num_held_out(reader: Reader, plan: Plan, dataset: Dataset) -> int:
    """Return how many images of a version of the data set no arm may select."""
    done = (ref for ref in plan.test_rounds() if reader.markers.get(ref.stage("select")))
    drawn = [pick.id for ref in done for pick in reader.picks(ref)]
    return len(with_groups(drawn, dataset.groups("pool"))) if drawn else 0


def told_test(plan: Plan, costs: Sequence[Cost]) -> dict[str, str]:
    """Return what the test set is; nothing if it is that of the data set."""
    if plan.config.test is None:
        return {}
    if not costs:
        return {"test": "none", "test index": ""}
    told = f"{costs[-1].images} images of the pool, {costs[-1].boxes} boxes"
    return {"test": f"{told}, version {len(costs)}", "test index": "of the pool"}
