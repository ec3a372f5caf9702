"""`al-job report` and its subcommands."""

from dataclasses import replace
from pathlib import Path

import pytest

from job.artifacts.reported import is_reported
from job.storage.local import LocalStore
from job.whole import WholeRef
from tests.conftest import AlJob


def test_options_follow_the_subcommand(al_job: AlJob, begun: Path) -> None:
    """An option of `report` that its subcommand would not see is refused."""
    ended = al_job("report", "--store", begun, "compare", "a", "b")
    assert ended.code == 64
    assert "--store: options follow 'compare'" in ended.error


def test_a_report_for_a_driver_says_of_which_stages_it_is(al_job: AlJob, begun: Path) -> None:
    """The digest is written after the report, even if nothing is evaluated yet."""
    assert al_job("report", "--of", "0af3", "--store", begun).code == 0
    whole = WholeRef.report("tiny", "0af3").round
    assert isinstance(whole, WholeRef)
    assert is_reported(LocalStore(begun), whole)
    assert not is_reported(LocalStore(begun), replace(whole, of="other"))


def test_a_page_of_a_data_set_before_any_training(
    al_job: AlJob, begun: Path, tmp_path: Path
) -> None:
    """It needs no experiment; an unknown data set is answered with the known ones."""
    folder = tmp_path / "page"
    ended = al_job("report", "data", "--dataset", "drawn", "--store", begun, "--out", folder)
    assert ended.code == 0
    assert f"report: {folder / 'index.html'}" in ended.out
    assert (folder / "classes.csv").read_text().startswith("class,pool boxes,pool images,")
    ended = al_job("report", "data", "--dataset", "drwn", "--store", begun, "--out", folder)
    assert ended.code == 64
    assert "holds no data set 'drwn'" in ended.error


@pytest.mark.parametrize("place", ["{}/a.txt", "s3://bucket/page"])
def test_a_page_is_written_into_a_folder(
    al_job: AlJob, begun: Path, tmp_path: Path, place: str
) -> None:
    """A file or a bucket is refused before anything is read, and nothing is made of its name."""
    (tmp_path / "a.txt").touch()
    place = place.format(tmp_path)
    ended = al_job("report", "data", "--dataset", "drawn", "--store", begun, "--out", place)
    assert ended.code == 64
    assert f"--out {place}: is not a folder of this machine" in ended.error
    assert not Path("s3:").exists()


def test_a_page_below_a_file_is_refused(al_job: AlJob, begun: Path, tmp_path: Path) -> None:
    """In one line, as wherever files are written."""
    (tmp_path / "a.txt").touch()
    out = tmp_path / "a.txt/page"
    ended = al_job("report", "data", "--dataset", "drawn", "--store", begun, "--out", out)
    assert ended.code == 78
    assert f"{out}: not a directory" in ended.error


@pytest.mark.parametrize("value", ["inf", "-inf", "nan", "1e999", "-1"])
def test_costs_are_finite_and_not_negative(al_job: AlJob, begun: Path, value: str) -> None:
    """No file of numbers can hold an infinity."""
    result = al_job("report", f"--setup-cost={value}", "--store", begun)
    assert result.code == 64
    assert "--setup-cost" in result.error


@pytest.mark.parametrize("value", ["0", "40", "nan", "-0.1"])
def test_a_goal_is_a_share_and_not_in_percent(al_job: AlJob, begun: Path, value: str) -> None:
    """No mAP is above 1, and one of 0 needs nothing."""
    result = al_job("report", f"--goal={value}", "--store", begun)
    assert result.code == 64
    assert "--goal" in result.error
    assert "above 0 and at most 1" in result.error
