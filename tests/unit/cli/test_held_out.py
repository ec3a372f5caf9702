"""The commands of a test set that is drawn from the pool: `--round test`."""

import shutil
from pathlib import Path

import pytest

from job.storage.local import LocalStore
from tests.conftest import AlJob


@pytest.fixture
def drawn(held_out: LocalStore, tmp_path: Path) -> Path:
    """A copy of the finished experiment."""
    return Path(shutil.copytree(held_out.url.removeprefix("file://"), tmp_path / "drawn"))


def test_stages_of_the_test_set_run_by_its_name(
    al_job: AlJob, store: Path, tmp_path: Path, held_out_text: str
) -> None:
    """Neither an arm nor a seed is named, although there are two arms; round 0 has to wait."""
    config = tmp_path / "tiny.yaml"
    config.write_text(held_out_text)
    first = al_job("init", config, "--store", store).out.splitlines()[-1]
    assert f"next: al-job select --round test --experiment tiny --store file://{store}" in first
    ended = al_job("select", "--round", 0, "--store", store)
    assert (ended.code, "round test select is not done yet" in ended.error) == (64, True)
    for stage in ("select", "annotate"):
        assert al_job(stage, "--round", "test", "--store", store).code == 0
    assert al_job("select", "--round", 0, "--store", store).code == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            ("train", "--round", "test"),
            "--round test: the test set is selected and annotated, and has no train",
        ),
        (("select", "--round", "test-2"), "--round unknown 'test-2'; did you mean 'test'?"),
        (("select", "--round", "tset"), "Invalid value for '--round': 'tset' is not a number"),
        (("replay", "--round", "test"), "--round test: nothing is scored before it"),
        (("logs", "annotate", "--round", "test"), "keeps no log of round test annotate"),
    ],
)
def test_what_the_test_set_does_not_have_is_refused(
    al_job: AlJob, drawn: Path, arguments: tuple[str, ...], words: str
) -> None:
    """In one line, with the names that there are."""
    ended = al_job(*arguments, "--store", drawn)
    assert ended.code == 64
    assert words in ended.error


def test_an_experiment_without_such_a_round_says_so(al_job: AlJob, begun: Path) -> None:
    """Its test set is that of the data set."""
    ended = al_job("annotate", "--round", "test", "--store", begun)
    assert ended.error == "al-job: --round test: tiny draws no test set from its pool"


def test_the_status_begins_with_the_test_set(al_job: AlJob, drawn: Path) -> None:
    """A row of its own, without a seed and an arm."""
    rows = [line.split("│") for line in al_job("status", "--store", drawn).out.splitlines()]
    cells = [[cell.strip() for cell in row] for row in rows if len(row) > 5]
    assert cells[0][1:4] == ["", "", "test"]
    assert cells[0][4].endswith(" s")
    assert cells[1][1:4] == ["0", "random", "0"]


def test_images_of_the_test_set_are_exported(al_job: AlJob, drawn: Path, tmp_path: Path) -> None:
    """As what waits for labels, and as the test set beside the labelled images."""
    out = ("--store", drawn, "--out")
    ended = al_job("export", "picks", "--round", "test", "--format", "cvat", *out, tmp_path / "a")
    assert "5 of 5 images" in ended.out
    labels = ("export", "labels", "--format", "voc", "--round", 0, "--with-test")
    ended = al_job(*labels, *out, tmp_path / "b")
    assert "test: 5 images" in ended.out
