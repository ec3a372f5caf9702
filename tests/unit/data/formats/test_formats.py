"""Data formats by name, those of other packages too."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from job.data.dataset import Dataset
from job.data.formats import FORMATS
from job.data.formats.base import Source
from job.storage.local import LocalStore

Run = Callable[..., Any]
SHADES = (Path(__file__).parents[4] / "docs/examples/shades.py").read_text()


@pytest.fixture
def shades(install_plugin: Callable[..., None]) -> None:
    install_plugin("shades", SHADES, "al_voc.formats", "shades = shades:Shades")


def test_every_format_has_the_name_that_it_is_registered_by() -> None:
    """A data set's manifest names the format as the command does."""
    for name in FORMATS.names():
        assert FORMATS.load(name, Source).kind == name


@pytest.mark.usefixtures("shades")
def test_a_format_of_another_package_is_ingested_by_its_command(
    al_job: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One class and one entry point: the command has the class's fields as its options."""
    monkeypatch.setenv("AL_CACHE", str(tmp_path / "cache"))
    ended = al_job(
        "ingest", "shades", "--num-shades", 3, "--name", "grey", "--store", tmp_path / "state"
    )
    assert ended.code == 0
    dataset = Dataset.open(LocalStore(tmp_path / "state"), "grey")
    assert dataset.ids("pool") == ("pool-0", "pool-1", "pool-2")
    assert (dataset.manifest.kind, dataset.manifest.source["num_shades"]) == ("shades", 3)


@pytest.mark.usefixtures("shades")
def test_a_format_of_another_package_is_listed_and_explained(al_job: Run) -> None:
    """The help texts are the docstrings of the class and of its fields."""
    listed = al_job("ingest", "--help").out
    assert "shades     A data set of plain images." in listed
    explained = al_job("ingest", "shades", "--help").out
    assert "Images of the pool.  [default: 2]" in explained
    assert "--skip-bad" in explained
