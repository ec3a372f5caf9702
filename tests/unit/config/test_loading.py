"""Reading a configuration from a file or a preset."""

import os
from pathlib import Path

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


def test_a_configuration_may_come_through_a_pipe(tiny: str) -> None:
    """`<(envsubst < mine.yaml)` is how people fill in variables."""
    reading, writing = os.pipe()
    with os.fdopen(writing, "w") as file:
        file.write(tiny)
    try:
        assert loading.load(f"/dev/fd/{reading}") == loading.parse(tiny, "tiny")
    finally:
        os.close(reading)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("a" * 300, "cannot be read: file name too long"),
        ("folder", "cannot be read: is a directory"),
        ("loop", "cannot be read: too many levels of symbolic links"),
        ("nowhere", "cannot be read: no such file or directory"),
        ("file/e.yaml", "no such file, and no such preset"),
        ("latin-1", "cannot be read as UTF-8 text"),
    ],
)
def test_what_the_file_system_says_is_told(tmp_path: Path, name: str, words: str) -> None:
    """Of any path that somebody may give, in one line."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    (tmp_path / "latin-1").write_bytes(b"# gr\xf6\xdfe")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "nowhere").symlink_to("gone")
    with pytest.raises(ConfigError) as error:
        loading.load(str(tmp_path / name))
    assert str(error.value).startswith(f"{tmp_path / name}: {words}")


def test_arms_may_share_settings_by_a_merge_key() -> None:
    """A key of the arm's own overrides the merged one."""
    text = (
        "experiment: e\ndataset: {name: d}\n"
        "arms:\n  a: &a {strategy: brust, batch_size: 5}\n  b: {<<: *a, aggregation: max}\n"
        "  c: {aggregation: max, <<: *a, batch_size: 6}\n  no: {strategy: random}\n"
    )
    arms = loading.parse(text, "mine").arms
    assert list(arms) == ["a", "b", "c", "no"]
    assert arms["b"].settings == {"batch_size": 5, "aggregation": "max"}
    assert arms["c"].settings == {"batch_size": 6, "aggregation": "max"}
