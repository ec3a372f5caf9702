"""cost.json, both ways."""

import json
from dataclasses import replace

import pytest

from job.artifacts.cost import Cost, Measured, RoundCost, dump_cost, load_cost
from job.artifacts.outcome import Edits
from job.errors import BadDataError

COST = RoundCost(Cost(1, 2, 3.0, 4.0, {"a": 2}), Cost(11, 22, 33.0, 44.0, {"a": 3, "b": 19}))


def test_a_cost_is_read_as_it_was_written() -> None:
    """The round's own cost lies at the top, the cumulative one beside it."""
    data = dump_cost(COST)
    content = json.loads(data)
    assert content["format"] == 1
    assert (content["boxes"], content["cumulative"]["boxes"]) == (2, 22)
    assert load_cost(data, "c") == COST


def test_what_was_measured_lies_beside_it() -> None:
    """Only where people were asked: costs of the oracle have the bytes that they always had."""
    assert "measured" not in json.loads(dump_cost(COST))
    measured = Measured(3, 1036.5, 636.5, 1, 68.9, 1, Edits(1, 2, 3, 4))
    cost = replace(COST, measured=measured)
    assert json.loads(dump_cost(cost))["measured"]["edits"]["moved"] == 2
    assert load_cost(dump_cost(cost), "c") == cost


def test_a_key_of_a_newer_version_is_left_alone() -> None:
    """It may stand anywhere."""
    content = json.loads(dump_cost(COST))
    content["new"] = content["cumulative"]["new"] = 1
    assert load_cost(json.dumps(content).encode(), "c") == COST


def test_a_damaged_cost_is_named() -> None:
    """Without the cumulative cost, or as something else."""
    for content in ({"format": 1, "images": 1}, {"format": 1, "cumulative": 3}):
        with pytest.raises(BadDataError, match="place is damaged"):
            load_cost(json.dumps(content).encode(), "place")


def test_costs_of_two_rounds_are_their_sum() -> None:
    """Adding costs adds all of them, class by class."""
    total = Cost(1, 2, 3.0, 4.0, {"a": 2}) + Cost(10, 20, 30.0, 40.0, {"a": 1, "b": 19})
    assert total == Cost(11, 22, 33.0, 44.0, {"a": 3, "b": 19})
