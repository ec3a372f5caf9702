"""`al-job advise`: which strategy to take."""

import json
from pathlib import Path

import pytest

from tests.conftest import AlJob, FinishedState


@pytest.fixture(scope="module")
def state(tiny: str, finished_state: FinishedState) -> Path:
    """A store with an experiment of two arms that has ended."""
    return finished_state(tiny)


def test_an_experiment_is_advised_by_its_scores(al_job: AlJob, state: Path) -> None:
    """As lines, and as JSON."""
    ended = al_job("advise", "--dataset", "drawn", "--experiment", "tiny", "--store", state)
    assert ended.code == 0
    assert ended.out.startswith("drawn: 24 images, 10 labelled, 6 classes\n")
    assert "- arms: `recommended`" in ended.out
    ended = al_job("advise", "--experiment", "tiny", "--json", "--store", state)
    assert json.loads(ended.out)["facts"]["num_labelled"] == 10


def test_an_experiment_to_come_says_the_detector(
    al_job: AlJob, state: Path, tiny: str, tmp_path: Path
) -> None:
    """And the budget; the data set may be another one than the configuration's."""
    path = tmp_path / "mine.yaml"
    path.write_text(tiny.replace("name: drawn", "name: other"))
    options = ("--config", path, "--store", state, "--set", "runtime.device=cpu")
    ended = al_job("advise", "--dataset", "drawn", *options)
    assert ended.code == 0
    assert "cold start: `balanced_herding`, as covering the pool comes first" in ended.out
    assert "the backbone at 64 px (scratch)" in ended.out
    assert "6 labelled images after the next round (1 a class), 14 in the end" in ended.out
    ended = al_job("advise", *options)
    assert (ended.code, "no data set 'other'" in ended.err) == (64, True)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "which data set? Give --dataset, --experiment or --config"),
        (
            ["--experiment", "tiny", "--dataset", "x"],
            "--dataset x: tiny is on the data set 'drawn'",
        ),
        (["--experiment", "tiny", "--config", "quickstart"], "--config: the experiment has"),
        (["--experiment", "tinny"], "no experiment 'tinny'; did you mean 'tiny'?"),
        (["--experiment", "tiny", "--arm", "x"], "--arm: unknown 'x'"),
        (["--dataset", "a/b"], "--dataset 'a/b': a name is 1 to 63 letters"),
        (["--dataset", "drawn", "--arm", "x"], "--arm: it is one of an experiment's"),
        (["--dataset", "drawn", "--seed", "0"], "--seed: it is one of an experiment's"),
    ],
)
def test_what_contradicts_itself_is_refused(
    al_job: AlJob, state: Path, arguments: list[str], words: str
) -> None:
    """In one line."""
    ended = al_job("advise", *arguments, "--store", state)
    assert ended.code == 64
    assert words in ended.error


def test_what_is_wrong_with_an_arm_is_told_with_its_file(
    al_job: AlJob, state: Path, tiny: str, tmp_path: Path
) -> None:
    """As `al-job run` tells it."""
    path = tmp_path / "mine.yaml"
    path.write_text(tiny.replace("{strategy: random}", "{strategy: rndom}"))
    ended = al_job("advise", "--config", path, "--store", state)
    assert ended.code == 78
    assert f"{path}: " in ended.error
    assert "did you mean 'random'" in ended.error
