"""What the data set of an experiment says of it: how many images, and how many boxes if known."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from job.annotators import labels_of
from job.artifacts.experiment_file import used_versions
from job.artifacts.held_out import find_draw
from job.config.dataset import SyntheticConfig
from job.config.schema import Config
from job.data.dataset import Dataset
from job.data.formats.synthetic import NUM_OBJECTS_SHARES
from job.estimate.boxes import BoxCounts
from job.estimate.workload import Sizes
from job.records.annotation import Annotation, class_counts
from job.storage import Store

MOST_COUNTED = 10_000
"""Of a larger pool, the boxes of so many images are counted, evenly spaced."""


SizesAt = Callable[[int], Sizes]
"""From a round to the sizes of the version of the data set that it uses."""


@dataclass(frozen=True)
class DataOutlook:
    """The data set of an experiment, as far as it decides what there is to do."""

    name: str
    sizes_at: SizesAt
    boxes: BoxCounts | None
    """None: no image is labelled."""
    is_labelled: bool
    """Whether the whole pool has ground truth, so that nobody has to draw a box."""
    is_there: bool = True
    """Whether the store holds it. A synthetic one is drawn when the experiment begins."""


def stored(store: Store, config: Config) -> DataOutlook:
    """Return what a data set of the store says.

    Raises:
        UsageError: The store does not hold it.
        ConfigError: The store does not hold one of the versions.
    """
    latest = Dataset.open(store, config.dataset.name)
    return DataOutlook(
        name=config.dataset.name,
        sizes_at=stored_sizes(store, config),
        boxes=_of_ground_truth(latest) if latest.has_ground_truth else _of_labels(latest),
        is_labelled=latest.has_ground_truth,
    )


def stored_sizes(store: Store, config: Config) -> SizesAt:
    """Return the sizes of the versions that an experiment uses; it raises the same errors."""
    versions = [
        (each.from_round, _sizes(each.data, config)) for each in used_versions(store, config)
    ]
    return lambda index: [sizes for first, sizes in versions if first <= index][-1]


def undrawn(name: str, synthetic: SyntheticConfig, config: Config) -> DataOutlook:
    """Return what is known of a synthetic data set that will be drawn."""
    shares = enumerate(NUM_OBJECTS_SHARES)
    counts = (number for number, share in shares for _ in range(round(100 * share)))
    num_drawn = max(config.test_sizes, default=0)
    num_test = synthetic.num_test if config.test is None else num_drawn
    sizes = Sizes(synthetic.num_pool, 0, num_test, num_drawn)
    return DataOutlook(
        name=name,
        sizes_at=lambda _: sizes,
        boxes=BoxCounts(counts, "what will be drawn"),
        is_labelled=True,
        is_there=False,
    )


def _sizes(dataset: Dataset, config: Config) -> Sizes:
    pool, test = (dataset.info(split).num_images for split in ("pool", "test"))
    given = len(dataset.given_ids())
    if config.test is None:
        return Sizes(pool, given, test)
    found = find_draw(dataset, max(config.test_sizes, default=0))
    return Sizes(pool, given, found.test, found.held_out)


def _of_ground_truth(dataset: Dataset) -> BoxCounts:
    ids = dataset.ids("pool")
    some = ids[:: -(-len(ids) // MOST_COUNTED)]
    of = "the pool" if len(some) == len(ids) else f"{len(some):,} images of the pool"
    labels = labels_of(dataset, some, "oracle", lambda: dataset)
    return BoxCounts(_counts(labels, dataset), f"the ground truth of {of}")


def _of_labels(dataset: Dataset) -> BoxCounts | None:
    labels = dataset.labels.given | dataset.labels.later
    if not labels:
        return None
    return BoxCounts(_counts(labels, dataset), f"the {len(labels):,} images that are labelled")


def _counts(labels: Mapping[str, Annotation], dataset: Dataset) -> list[int]:
    """Return the boxes of each image that somebody has to draw."""
    return [sum(class_counts([each], dataset.classes).values()) for each in labels.values()]
