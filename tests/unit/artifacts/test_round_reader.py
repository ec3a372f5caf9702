"""What a round is given by the rounds before it."""

import pytest

from job.artifacts.cost import Cost
from job.artifacts.round_reader import RoundReader
from job.errors import ConfigError
from job.keys import RoundRef
from job.plan import Plan
from job.storage.memory import MemoryStore

ROUND_0 = RoundRef("tiny", 0, None, 0)
ROUND_2 = RoundRef("tiny", 0, "brust", 2)


def test_a_round_begins_with_what_earlier_rounds_labelled(
    finished: MemoryStore, plan: Plan
) -> None:
    """Before round 2, 6 + 4 of 24 images are labelled; after it, 14."""
    reader = RoundReader(finished, plan, ROUND_2)
    picks = [pick.id for ref in reader.earlier for pick in reader.picks(ref)]
    assert [ref.index for ref in reader.earlier] == [0, 1]
    assert sorted(reader.pool_before.labelled) == sorted(set(picks))
    assert len(picks) == 10
    assert len(reader.pool_before.unlabelled) == 14
    assert sorted(reader.pool_after.labelled) == sorted([*picks, *reader.picked_ids(ROUND_2)])
    assert len(list(reader.labelled_shards())) == 3


def test_the_budget_is_the_plans_unless_another_is_asked_for(
    finished: MemoryStore, plan: Plan
) -> None:
    """6 images in round 0, 4 in any other."""
    assert RoundReader(finished, plan, ROUND_0).budget == 6
    assert RoundReader(finished, plan, ROUND_2).budget == 4
    assert RoundReader(finished, plan, ROUND_2, budget=9).budget == 9


def test_round_0_has_nothing_before_it(finished: MemoryStore, plan: Plan) -> None:
    """No cost, no image and no record of labelled ones."""
    reader = RoundReader(finished, plan, ROUND_0)
    assert reader.cost_before().labelled == Cost(0, 0, 0.0, 0.0)
    assert list(reader.pool_before.labelled) == []
    assert reader.labelled_parts_before() == []


def test_costs_are_those_of_all_earlier_rounds(finished: MemoryStore, plan: Plan) -> None:
    """Before round 2, of the 10 images of rounds 0 and 1."""
    assert RoundReader(finished, plan, ROUND_2).cost_before().labelled.images == 10


def test_weights_that_the_store_lacks_are_named(finished: MemoryStore, plan: Plan) -> None:
    """With the setting that asks for them."""
    reader = RoundReader(finished, plan, ROUND_0)
    with pytest.raises(ConfigError, match=r"detector\.backbone: .* holds no weights/no\.pt"):
        reader.weights("weights/no.pt")
