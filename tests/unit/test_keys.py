"""The keys of objects in the store."""

import pytest

from job.errors import UsageError
from job.keys import DatasetKeys, ExperimentKeys, RoundRef, check_name


def test_keys_are_as_documented() -> None:
    """Whoever reads a store by hand, or by an older version, finds them there."""
    train = RoundRef("exp", 2, "brust", 3).stage("train")
    assert train.done == "experiments/exp/seed-2/brust/round-003/train/done.json"
    assert train.key("x") == "experiments/exp/seed-2/brust/round-003/train/x"
    assert train.log("a") == "experiments/exp/seed-2/brust/round-003/train/logs/a.log"
    assert train.partition_done(1, 3).endswith("/train/partition-0001-of-0003.json")
    assert ExperimentKeys("exp").config == "experiments/exp/experiment.yaml"
    assert ExperimentKeys("exp").page == "experiments/exp/report/index.html"
    assert DatasetKeys("voc").manifest == "datasets/voc/dataset.json"
    assert DatasetKeys("voc").shard("pool", 7) == "datasets/voc/pool/00007.tar"
    assert DatasetKeys("voc").labels == "datasets/voc/labels/annotations.parquet"


def test_keys_of_a_later_version_lie_below_a_folder_of_its_own() -> None:
    """Its manifest has a place that all know, and the rest lies in the folder of who makes it."""
    keys = DatasetKeys("voc", 12, "ab/")
    assert keys.manifest == "datasets/voc/versions/0012/dataset.json"
    assert keys.shard("pool", 0) == "datasets/voc/versions/0012/ab/pool/00000.tar"
    assert keys.index("pool") == "datasets/voc/versions/0012/ab/pool/index.parquet"
    name = keys.name_below(keys.annotations)
    assert name == "versions/0012/ab/oracle/annotations.parquet"
    assert keys.key(name) == keys.annotations


def test_all_arms_mean_the_same_round_0() -> None:
    """It lies beside the arms, and is one stage for all of them."""
    ref = RoundRef("exp", 0, "brust", 0)
    assert ref == RoundRef("exp", 0, None, 0)
    assert ref.prefix == "experiments/exp/seed-0/round-000/"
    assert str(ref.stage("train")) == "seed 0 round 0 train"
    assert str(RoundRef("exp", 0, "brust", 1).stage("train")) == "seed 0 arm brust round 1 train"


def test_a_round_of_the_test_set_has_no_seed_and_no_arm() -> None:
    """It belongs to the whole experiment; its name has the version if it is not the first."""
    first, second = (RoundRef.of_test("exp", index) for index in (0, 1))
    assert first.prefix == "experiments/exp/test/round-000/"
    assert second.stage("annotate").done == "experiments/exp/test/round-001/annotate/done.json"
    assert (first.label, second.label, RoundRef("exp", 0, "a", 1).label) == ("test", "test-2", "1")
    assert str(second.stage("annotate")) == "round test-2 annotate"
    assert first.at(1) == second == RoundRef("exp", None, "brust", 1)
    assert (first.fields, first.stream) == ({"round": "test"}, ("test", 0))
    with pytest.raises(ValueError, match="has no seed"):
        _ = first.own_seed


def test_the_test_set_is_drawn_from_the_first_version_of_the_data() -> None:
    """However many of its rounds there are; all others read that of their round."""
    assert RoundRef.of_test("exp", 3).stage("select").data_round == 0
    assert RoundRef("exp", 0, "a", 3).stage("select").data_round == 3


@pytest.mark.parametrize("name", ["", "-a", "a-", "a/b", "a b", "ä", ".", "x" * 64])
def test_a_name_that_is_not_safe_is_refused(name: str) -> None:
    """A name becomes a segment of a key, a file name and the value of a label."""
    with pytest.raises(UsageError, match="1 to 63 letters"):
        check_name("experiment", name)


@pytest.mark.parametrize("name", ["a", "A.b_c-1", "x" * 63])
def test_a_safe_name_is_taken_as_it_is(name: str) -> None:
    """Letters of either case, digits, and some signs between them."""
    assert check_name("experiment", name) == name
