"""`al-job plan`: what it tells, and what it reads."""

import json
from pathlib import Path

import pytest

from job.storage.local import LocalStore
from tests.conftest import AlJob


@pytest.fixture
def tiny_file(tiny: str, tmp_path: Path) -> Path:
    path = tmp_path / "tiny.yaml"
    path.write_text(tiny)
    return path


def test_a_plan_writes_nothing(al_job: AlJob, store: Path, tiny_file: Path) -> None:
    """Not even the folder of the store, although the data set would be drawn."""
    ended = al_job("plan", tiny_file, "--store", store)
    assert ended.code == 0
    assert "tiny: stages" in ended.out
    (row,) = [line for line in ended.out.splitlines() if line.startswith("│ train ")]
    cells = [cell.strip() for cell in row.strip("│").split("│")]
    assert cells == ["train", "5", "0", "5", "20 steps", "unknown", "unknown", ""]
    assert "no finished stage tells how long these take" in ended.out
    assert "--probe measures here, for about a minute, those that run the network" in ended.out
    assert "data set 'drawn' is synthetic: it is drawn when the experiment begins" in ended.out
    assert not store.exists()


def test_a_plan_of_labels_has_their_range_and_cost(
    al_job: AlJob, store: Path, tiny_file: Path
) -> None:
    """14 images at 63 s, and 2.14 boxes each at 5.9 s: 0.294 hours, and 14.82."""
    told = al_job("plan", tiny_file, "--store", store).out
    (row,) = [line for line in told.splitlines() if line.startswith("│ brust") and "(" in line]
    cells = [cell.strip() for cell in row.strip("│").split("│")]
    assert cells[:3] == ["brust", "14", "0%"]
    assert [cell.split(" (")[0] for cell in cells[3:]] == ["30", "0.3", "14.82"]
    assert "annotation takes 63 s an image and 5.9 s a box, and costs 0.882 an image" in told
    assert "the oracle knows the boxes" in told


def test_a_plan_of_an_experiment_that_has_begun(
    al_job: AlJob, finished: LocalStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its name is enough; a file of that name comes first."""
    monkeypatch.chdir(tmp_path)
    ended = al_job("plan", "tiny", "--store", finished.root)
    assert ended.code == 0
    assert "nothing is left to run" in ended.out
    (tmp_path / "tiny").write_text("no: such setting")
    assert "no: unknown key" in al_job("plan", "tiny", "--store", finished.root).error


def test_a_plan_of_nothing_gets_the_closest_name(al_job: AlJob, finished: LocalStore) -> None:
    """Of presets and of experiments."""
    error = al_job("plan", "tinny", "--store", finished.root).error
    assert "tinny: no such file, preset, or experiment of file://" in error
    assert "did you mean 'tiny'? known: quickstart, tiny, tutorial-compat, voc-ssd320" in error


def test_a_plan_as_json_has_the_same_numbers(
    al_job: AlJob, finished: LocalStore, tiny: str, tmp_path: Path
) -> None:
    """And nothing else on standard output."""
    path = tmp_path / "grown.yaml"
    path.write_text(tiny.replace("rounds: 3", "rounds: 4"))
    ended = al_job("plan", path, "--store", finished.root, "--json", "--set", "runtime.device=cpu")
    told = json.loads(ended.out)
    assert (told["format"], told["experiment"]) == (1, "tiny")
    assert told["stages"]["train"]["num"] == 7
    assert told["stages"]["train"]["num_done"] == 5
    assert told["stages"]["train"]["amount_left"] == 8
    assert told["stages"]["train"]["unit"] == "steps"
    assert told["stages"]["train"]["sources"] == ["5 of this experiment, 1 thread"]
    assert told["arms"]["random"]["labels"]["images"] == 18
    assert told["arms"]["random"]["labels"]["images_done"] == 14
    assert told["device"]["kind"] == "CPU"
    assert told["seconds_left"] == pytest.approx(3600 * told["device_hours_left"])
    assert told["seconds_left_in_parallel"] <= told["seconds_left"]
    assert told["annotation"]["seconds_per_image"] == 63
