"""What people draw, or the oracle in their place."""

import pytest

from job.artifacts.reader import Reader
from job.config.annotation import AnnotationConfig
from job.config.held_out import HeldOutConfig
from job.config.schema import Config
from job.estimate.boxes import BoxCounts, Span
from job.estimate.labels import LabelOutlook, Labels
from job.estimate.workload import Sizes, Workload
from job.keys import RoundRef, StageRef
from job.plan import Plan
from job.storage.local import LocalStore

COUNTS = BoxCounts([0, 1, 1, 6], "a list")
COSTS = AnnotationConfig(
    seconds_per_image=10, seconds_per_box=2, price_per_image=1, price_per_box=0.5
)


def outlook(
    config: Config, store: LocalStore, boxes: BoxCounts | None, *done: StageRef
) -> LabelOutlook:
    plan = Plan(config)
    return LabelOutlook(plan, Workload(plan, lambda _: Sizes(56, 0, 6)), boxes, done, Reader(store))


@pytest.fixture
def two_seeds(settings: Config) -> Config:
    return settings.model_copy(update={"seeds": (0, 1)})


def test_labels_of_an_arm_are_those_of_one_seed(two_seeds: Config, finished: LocalStore) -> None:
    """14 images of 56: a quarter, so from 0 boxes to 6 an image, and 2 in the mean."""
    found = outlook(two_seeds, finished, COUNTS)
    arm = Plan(two_seeds).arm("brust")
    assert found.of_arm(arm) == Labels(14, 0, Span(0, 28, 84))


def test_round_0_is_labelled_once_a_seed(two_seeds: Config, finished: LocalStore) -> None:
    """6 images and twice 8, for two seeds."""
    labels = outlook(two_seeds, finished, COUNTS).of_all()
    assert labels.images == 2 * (6 + 2 * 8)
    assert labels.boxes is not None
    assert labels.boxes.expected == 2 * 22 * 2


def test_what_is_labelled_is_known(settings: Config, finished: LocalStore) -> None:
    """Its boxes were counted, and those of the rest are expected: 8 of 56 images, a seventh."""
    ref = RoundRef("tiny", 0, None, 0)
    drawn = Reader(finished).cost(ref).own.boxes
    found = outlook(settings, finished, COUNTS, ref.stage("annotate"))
    expected = Labels(14, 6, Span(drawn, drawn + 16, drawn + 48))
    assert found.of_arm(Plan(settings).arm("brust")) == expected


def test_boxes_are_unknown_until_an_image_is_labelled(
    settings: Config, finished: LocalStore
) -> None:
    """Then the rounds that are labelled stand for those that are not."""
    arm, ref = Plan(settings).arm("brust"), RoundRef("tiny", 0, None, 0)
    assert outlook(settings, finished, None).of_arm(arm) == Labels(14, 0, None)
    found = outlook(settings, finished, None, ref.stage("annotate"))
    assert found.counts is not None
    assert found.counts.mean == pytest.approx(Reader(finished).cost(ref).own.boxes / 6)
    assert found.of_arm(arm).boxes is not None


def test_a_round_counts_by_its_images(settings: Config, finished: LocalStore) -> None:
    """6 and 4 images are ten, whose boxes by ten are the mean; so is neither round's own mean."""
    rounds = RoundRef("tiny", 0, None, 0), RoundRef("tiny", 0, "brust", 1)
    first, second = (Reader(finished).cost(ref).own for ref in rounds)
    assert first.boxes / 6 != second.boxes / 4
    counts = outlook(settings, finished, None, *(ref.stage("annotate") for ref in rounds)).counts
    assert counts is not None
    assert counts.mean == pytest.approx((first.boxes + second.boxes) / 10)
    assert counts.source == "2 labelled rounds"


def test_costs_are_of_images_and_boxes() -> None:
    """10 images at 10 s and 1, and boxes at 2 s and 0.5."""
    labels = Labels(10, 0, Span(0, 20, 60))
    assert labels.seconds(COSTS) == Span(100, 140, 220)
    assert labels.money(COSTS) == Span(10, 20, 40)


def test_without_boxes_costs_are_of_images_alone() -> None:
    """They are the least that it may be."""
    assert Labels(10, 0, None).seconds(COSTS) == Span(100, 100, 100)
    assert Labels(10, 0, None).money(COSTS) == Span(10, 10, 10)


def test_labels_of_a_test_set_from_the_pool_are_told_apart(
    settings: Config, finished: LocalStore
) -> None:
    """Its 5 images with 2 boxes each are in no other sum; another experiment has none to tell."""
    test = HeldOutConfig.model_validate({"from": "pool", "size": 5})
    found = outlook(settings.model_copy(update={"test": test}), finished, COUNTS)
    labels = found.of_test()
    assert labels is not None
    assert labels.boxes is not None
    assert (labels.images, labels.boxes.expected) == (5, 10)
    assert found.of_all().images == 6 + 2 * 8
    assert outlook(settings, finished, COUNTS).of_test() is None
