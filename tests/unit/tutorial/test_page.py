"""`al-job report tutorial`: a page, its figures, and the table on the terminal."""

import csv
import json
from collections.abc import Callable
from pathlib import Path

from tests.conftest import Ended
from tests.unit.tutorial.make_tutorial import write_tutorial


def test_the_tutorials_layout_becomes_a_page(tmp_path: Path, al_job: Callable[..., Ended]) -> None:
    """Findings and numbers on the terminal, and in files that agree with them."""
    results, folder = write_tutorial(tmp_path / "results"), tmp_path / "out"
    ended = al_job("report", "tutorial", results, "--out", folder)
    assert ended.code == 0, ended.err
    assert "final mAP, random" in ended.out
    text = (folder / "index.html").read_text()
    told = json.loads((folder / "tutorial.json").read_text())
    assert told["findings"][0].split(":")[0] in ended.out
    assert all(finding.split("'")[0] in text for finding in told["findings"])
    rows = list(csv.DictReader((folder / "numbers.csv").read_text().splitlines()))
    assert [row[""] for row in rows] == [row["name"] for row in told["rows"]]
    figures = {path.stem for path in folder.glob("tutorial-*.svg")}
    assert {path.stem for path in folder.glob("tutorial-*.png")} == figures
    assert text.count("<figure") == len(figures) == len(told["charts"])
    assert "http" not in text.replace("http://www.w3.org", "").replace(
        "http://purl.org", ""
    ).replace("http://creativecommons.org", "").replace("https://matplotlib.org", "")


def test_another_folder_is_refused(tmp_path: Path, al_job: Callable[..., Ended]) -> None:
    """One line that names it, exit code 64, and nothing written."""
    ended = al_job("report", "tutorial", tmp_path, "--out", tmp_path / "out")
    assert ended.code == 64
    assert str(tmp_path) in ended.err
    assert "Traceback" not in ended.err
    assert not (tmp_path / "out").exists()
