"""Settings that an arm did not have when it was stored."""

import pytest

from job.acquisition.old_settings import with_added
from job.acquisition.registry import STRATEGIES, make_strategy
from job.acquisition.strategy import Strategy
from job.config.schema import ArmConfig


def test_a_setting_that_was_added_means_what_the_strategy_did_without_it() -> None:
    """All boxes count, however unlikely, small, narrow and many; what is stored stays."""
    stored = {"aggregation": "max", "min_side": 0.5}
    assert with_added("brust", stored) == {
        "aggregation": "max",
        "min_confidence": 0.0,
        "min_side": 0.5,
        "max_aspect": None,
        "top": None,
        "rightness": False,
    }
    assert with_added("random", {}) == {}


def test_strategies_inside_others_have_them_too() -> None:
    """However deep, also in lists."""
    inside = {"strategy": "pal", "min_confidence": 0.0}
    stored = {"objectives": [{"of": inside, "power": 2.0}]}
    (objective,) = with_added("product", stored)["objectives"]
    assert objective["power"] == 2.0
    assert objective["of"] == inside | {
        "min_side": 0.0,
        "max_aspect": None,
        "top": None,
        "class_weights": False,
        "empty_score": -1.0,
    }
    assert with_added("uwe", {"of": {"strategy": "brust"}})["of"]["rightness"] is False


@pytest.mark.parametrize("name", STRATEGIES.built_in)
def test_what_is_added_is_a_setting_and_not_the_default(name: str) -> None:
    """A value that equals the default would not be needed."""
    added = with_added(name, {})
    fields = STRATEGIES.load(name, Strategy).model_fields
    assert all(fields[setting].default != value for setting, value in added.items())
    if added:
        assert make_strategy(ArmConfig.model_validate({"strategy": name, **added}))
