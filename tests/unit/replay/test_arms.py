"""Which strategies a replay asks."""

from pathlib import Path

import pytest

from job.config import loading
from job.config.schema import Config
from job.errors import ConfigError, UsageError
from job.replay.arms import choose


@pytest.fixture
def config(tiny: str) -> Config:
    return loading.parse(tiny, "tiny")


def test_the_experiments_own_arms_are_the_default(config: Config) -> None:
    """With the settings that they have there."""
    assert choose(config, None, None) == dict(config.arms)


def test_strategies_by_name_have_their_defaults(config: Config) -> None:
    """Spaces around commas do not count; every setting is written out."""
    arms = choose(config, " random , brust", None)
    assert list(arms) == ["random", "brust"]
    assert arms["brust"].settings["aggregation"] == "sum"
    assert arms["brust"].settings["class_weights"] is False


def test_a_file_gives_names_of_its_own(config: Config, tmp_path: Path) -> None:
    """One strategy may come twice, with other settings."""
    path = tmp_path / "arms.yaml"
    path.write_text("a: {strategy: entropy, top_m: 2}\nb: {strategy: entropy}\n")
    arms = choose(config, None, path)
    assert {name: arm.strategy for name, arm in arms.items()} == {"a": "entropy", "b": "entropy"}
    assert arms["a"].settings["top_m"] == 2
    assert arms["b"].settings["top_m"] != 2


def test_what_is_wrong_is_named(config: Config, tmp_path: Path) -> None:
    """The option, or the file and the arm."""
    path = tmp_path / "arms.yaml"
    path.write_text("a: {strategy: entropy, topp: 1}")
    with pytest.raises(ConfigError, match=r"arms\.yaml: a: .*top"):
        choose(config, None, path)
    path.write_text("a: {strategy: brust}\na: {strategy: entropy}")
    with pytest.raises(ConfigError, match=r"arms\.yaml: not YAML: .* 'a' is there twice"):
        choose(config, None, path)
    with pytest.raises(ConfigError, match="--strategies: strategy: unknown 'brst'"):
        choose(config, "brst", None)
    with pytest.raises(UsageError, match="not both"):
        choose(config, "random", path)
    with pytest.raises(UsageError, match="names no strategy"):
        choose(config, " , ", None)
