"""What the store knows of a test set that is drawn from the pool."""

from collections.abc import Sequence

from job.artifacts.cost import Cost
from job.artifacts.held_out import find_draw
from job.artifacts.reader import Reader
from job.config.schema import Config
from job.data.dataset import Dataset
from job.plan import Plan


def costs_of_test(reader: Reader, plan: Plan) -> tuple[Cost, ...]:
    """Return what the labels of each version took, in which those of the version before are."""
    done = (ref for ref in plan.test_rounds() if reader.markers.get(ref.stage("annotate")))
    return tuple(reader.cost(ref).cumulative for ref in done)


def num_held_out(dataset: Dataset, config: Config) -> int:
    """Return how many images of a version of the data set no arm may select."""
    size = max(config.test_sizes, default=0)
    return find_draw(dataset, size).held_out if size else 0


def told_test(plan: Plan, costs: Sequence[Cost]) -> dict[str, str]:
    """Return what the test set is; nothing if it is that of the data set."""
    if plan.config.test is None:
        return {}
    if not costs:
        return {"test": "none", "test index": ""}
    told = f"{costs[-1].images} images of the pool, {costs[-1].boxes} boxes"
    return {"test": f"{told}, version {len(costs)}", "test index": "of the pool"}
