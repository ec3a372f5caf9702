"""Reading a configuration from a file or a preset."""

import pytest

from job.acquisition.registry import make_strategy
from job.config import loading
from job.detection.detectors.architecture import architecture_of
from job.errors import BadDataError, ConfigError


def test_a_file_that_is_not_there_names_the_presets() -> None:
    """Neither a file nor a preset: the presets are listed."""
    with pytest.raises(ConfigError, match=r"no such preset; .*quickstart"):
        loading.load("quickstrat")


@pytest.mark.parametrize("name", loading.preset_names())
def test_every_preset_is_valid(name: str) -> None:
    """A preset loads, and its detector and all its strategies exist and take their settings."""
    preset = loading.load(name)
    assert preset.experiment == name
    architecture_of(preset.detector)
    for arm in preset.arms.values():
        make_strategy(arm)


def test_quickstart_says_that_it_starts_from_scratch() -> None:
    """Nothing starts from scratch silently: the preset that does says so."""
    assert loading.load("quickstart").detector.backbone == "scratch"


def test_a_copy_of_a_stored_configuration_says_its_format(tiny: str) -> None:
    """One of a newer version is refused, whatever it says."""
    assert loading.parse(f"format: 1\n{tiny}", "copy") == loading.parse(tiny, "tiny")
    with pytest.raises(BadDataError, match="copy: format 2, written by a newer version"):
        loading.parse(f"format: 2\n{tiny}", "copy")
