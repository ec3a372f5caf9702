"""Where an experiment stands, and what is known there."""

from pathlib import Path

import pytest

from job.advice import look as module
from job.advice.look import begin, find_moment, look
from job.artifacts import names
from job.artifacts.experiment_file import load_experiment
from job.config.schema import Config
from job.data.dataset import Dataset
from job.errors import UsageError
from job.keys import RoundRef
from job.plan import Plan
from job.storage.local import LocalStore
from job.storage.memory import MemoryStore
from tests.outputs import output_key
from tests.unit.stages.tiny import ROUND_0, without_scores


def plan_of(store: LocalStore | MemoryStore, name: str = "tiny") -> Plan:
    return Plan(load_experiment(store, name))


def test_the_last_scored_round_counts(finished: LocalStore) -> None:
    """Of 3 rounds of two arms, brust's second is scored last; without its scores, labels count."""
    plan = plan_of(finished)
    moment = find_moment(finished, plan, None, None)
    assert (moment.ref, moment.is_scored) == (RoundRef("tiny", 0, "brust", 2), True)
    others = find_moment(finished, plan, "random", 0)
    assert (others.ref, others.is_scored) == (RoundRef("tiny", 0, "random", 1), True)
    for wrong in (("burst", None), (None, 7)):
        with pytest.raises(UsageError, match="unknown"):
            find_moment(finished, plan, *wrong)


def test_labels_count_where_nothing_is_scored(finished: LocalStore) -> None:
    """After the last round, no round is left; what has not begun is in round 0."""
    store = without_scores(finished)
    plan = plan_of(store)
    moment = find_moment(store, plan, None, None)
    assert (moment.ref.index, moment.is_scored) == (3, False)
    facts = look(store, plan, moment, is_planned=True)
    assert (facts.situation.num_labelled, facts.situation.budget, facts.num_unlabelled) == (
        14,
        0,
        10,
    )
    assert facts.labels is not None
    assert facts.labels.num_images == 14
    assert find_moment(MemoryStore(), plan, None, None) == begin(plan)


def test_scores_and_labels_of_an_experiment(finished: LocalStore) -> None:
    """Round 2 of brust: 10 of 24 images are labelled, 4 come next, 14 in the end."""
    plan = plan_of(finished)
    facts = look(finished, plan, find_moment(finished, plan, None, None), is_planned=True)
    now = facts.situation
    assert (now.num_pool, now.num_labelled, now.budget, facts.num_planned) == (24, 10, 4, 14)
    assert (facts.next_round, facts.num_unlabelled, now.has_scores) == (2, 14, True)
    assert facts.seen_by == "the score record of seed 0, arm brust, round 1"
    assert facts.labels is not None
    assert facts.labels.num_images == 10
    assert facts.labels.class_counts == now.class_counts
    assert facts.empty_share == now.empty_share is not None


def test_a_pool_without_labels_is_seen_by_the_backbone(
    finished: LocalStore, settings: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sample of a larger pool; boxes are measured on test images, and classes are unknown."""
    monkeypatch.setattr(module, "MAX_COMPARED", 20)
    monkeypatch.setattr(module, "MAX_TEST_IMAGES", 2)
    plan = Plan(settings)
    facts = look(finished, plan, begin(plan), is_planned=False)
    assert (facts.next_round, facts.num_unlabelled, facts.situation.num_pool) == (0, 24, 24)
    assert facts.situation.redundancy.num_compared == 20
    assert facts.seen_by == "the backbone at 64 px (scratch)"
    assert not facts.is_pretrained
    assert (facts.labels, facts.num_planned, facts.empty_share) == (None, None, None)
    assert facts.resolution is not None
    assert facts.resolution.are_of_test_images
    assert facts.pays_for_looking


def test_a_trained_detector_sees_the_pool_if_training_begins_from_one(
    finished: LocalStore, settings: Config
) -> None:
    """Then nothing is said of random weights, although the backbone is from scratch."""
    weights = "store:" + output_key(finished, ROUND_0.stage("train"), names.MODEL)
    detector = settings.detector.model_copy(update={"weights": weights})
    plan = Plan(settings.model_copy(update={"detector": detector}))
    facts = look(finished, plan, begin(plan), is_planned=False)
    assert facts.seen_by == f"the backbone at 64 px ({weights})"
    assert facts.is_pretrained


def test_no_more_is_planned_than_the_pool_has(finished: LocalStore, settings: Config) -> None:
    """Later rounds of a larger budget label what is left."""
    budget = settings.budget.model_copy(update={"per_round": 100})
    plan = Plan(settings.model_copy(update={"budget": budget}))
    assert look(finished, plan, begin(plan), is_planned=True).num_planned == 24


def test_the_oracle_is_not_asked(
    finished: LocalStore, settings: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its labels are not known to whoever asks for advice."""

    def refuse(*_: object) -> Path:
        raise AssertionError

    monkeypatch.setattr("job.data.ground_truth.ground_truth_file", refuse)
    plan = Plan(settings)
    look(finished, plan, begin(plan), is_planned=False)
    plan = plan_of(finished)
    look(finished, plan, find_moment(finished, plan, None, None), is_planned=True)


def test_labels_that_came_along_are_known(grown: MemoryStore) -> None:
    """Before round 0, and those of a later version in the round that uses it."""
    plan = plan_of(grown, "growing")
    facts = look(grown, plan, begin(plan), is_planned=True)
    assert facts.labels is not None
    assert facts.labels.num_images == facts.situation.num_labelled == 4
    assert facts.num_planned is not None
    now = look(grown, plan, find_moment(grown, plan, None, None), is_planned=True)
    assert now.labels is not None
    assert now.labels.num_images == now.situation.num_labelled
    assert now.situation.num_pool == len(Dataset.open(grown, "photos").ids("pool"))
