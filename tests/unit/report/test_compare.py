"""`al-job report compare`."""

import csv
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from job import experiment
from job.artifacts.reader import Reader
from job.config import loading
from job.config.schema import Config
from job.errors import UsageError
from job.plan import Plan
from job.report.analysis.missing import ALL_THERE, MissingRounds
from job.report.analysis.results import rows_of
from job.report.compare import Side, comparison_page, read_sides
from job.storage.local import LocalStore
from job.storage.memory import MemoryStore
from tests.conftest import Ended, FinishedState
from tests.stores import filled
from tests.unit.report.sketch import sketch


@pytest.fixture(scope="module")
def store(tiny: str, finished_state: FinishedState) -> MemoryStore:
    """A store with an experiment of two rounds."""
    text = tiny.replace("rounds: 3", "rounds: 2")
    return filled(MemoryStore(), LocalStore(finished_state(text)))


@pytest.fixture(scope="module")
def sides(tiny: str, store: MemoryStore) -> list[Side]:
    """Two experiments of the same drawn images; the second trains longer and has one arm."""
    text = tiny.replace("rounds: 3", "rounds: 2")
    longer = text.replace("experiment: tiny", "experiment: longer").replace("steps: 4", "steps: 5")
    longer = longer.replace("  brust: {strategy: brust, class_weights: true}\n", "")
    begun = [
        experiment.run(store, loading.parse(each, "tiny")).plan.config for each in (text, longer)
    ]
    return read_sides(store, begun)


def test_all_arms_are_there_and_what_differs(sides: list[Side], store: MemoryStore) -> None:
    """Named after their experiments; of the settings only the number of steps differs."""
    written = dict(comparison_page(sides, sketch).files())
    ends = list(csv.DictReader(written["ends.csv"].decode().splitlines()))
    assert [row["arm"] for row in ends] == ["tiny: random", "tiny: brust", "longer: random"]
    last = {
        (row.arm, row.round): row
        for row in rows_of(Reader.listed(store, "tiny"), Plan(sides[0].config))
    }
    assert float(ends[1]["mAP50"]) == last["brust", 1].mAP
    assert float(ends[1]["boxes"]) == last["brust", 1].bboxes
    page = written["index.html"].decode()
    assert "<tr><td>train.steps</td><td>4</td><td>5</td></tr>" in page
    assert page.count("<tr><td>train.") == 1
    assert page.count("<figure") == 5
    assert {"curve-images.svg", "curve-images.png"} <= set(written)


def test_an_experiment_that_is_not_finished_is_named(sides: list[Side]) -> None:
    """Where it ends may change; of those that are finished there is no word."""
    assert "Not finished" not in page_of(sides)
    waiting = replace(sides[1], missing=MissingRounds({"random": 2}))
    assert "Not finished: 2 rounds of longer to come." in page_of([sides[0], waiting])


def page_of(sides: list[Side]) -> str:
    return dict(comparison_page(sides, sketch).files())["index.html"].decode()


def of_other_data(config: Config) -> Config:
    dataset = config.dataset.model_copy(update={"sha256": "0123"})
    return config.model_copy(update={"experiment": "other", "dataset": dataset})


def test_other_data_is_refused(sides: list[Side], store: MemoryStore) -> None:
    """In one line that names both digests."""
    ours = sides[0].config
    with pytest.raises(UsageError, match=f"tiny: drawn, {ours.dataset.sha256}; other: .* 0123"):
        read_sides(store, [ours, of_other_data(ours)])


def test_one_is_not_compared(sides: list[Side], store: MemoryStore) -> None:
    """Nor with itself."""
    with pytest.raises(UsageError, match="name two or more"):
        read_sides(store, [sides[0].config] * 2)


def test_an_experiment_without_a_round_is_named(sides: list[Side], store: MemoryStore) -> None:
    """It has no curve."""
    fresh = sides[0].config.model_copy(update={"experiment": "fresh"})
    with pytest.raises(UsageError, match="fresh: no round is evaluated yet"):
        read_sides(store, [sides[1].config, fresh])


def test_seeds_make_an_interval(sides: list[Side]) -> None:
    """Of 0.2 and 0.4 the mean is 0.3; of two seeds the interval reaches from one to the other."""
    side = sides[1]
    rows = [replace(row, seed=seed, mAP=0.2 * (1 + seed)) for row in side.rows for seed in (0, 1)]
    ends = (
        dict(comparison_page([side, Side(side.config, rows, ALL_THERE)], sketch).files())[
            "ends.csv"
        ]
        .decode()
        .splitlines()
    )
    end = list(csv.DictReader(ends))[-1]
    assert [float(end[name]) for name in ("mAP50", "low", "high")] == pytest.approx([0.3, 0.2, 0.4])


@pytest.mark.slow
def test_the_command_writes_a_folder(
    tiny: str, finished_state: FinishedState, tmp_path: Path, al_job: Callable[..., Ended]
) -> None:
    """A name that is not there is answered with those that are, and nothing is written."""
    path = tmp_path / "tiny.yaml"
    shutil.copytree(finished_state(tiny.replace("rounds: 3", "rounds: 1")), tmp_path / "state")
    ended = al_job(
        "report", "compare", "tiny", "no", "--out", tmp_path / "out", "--store", tmp_path / "state"
    )
    assert ended.code == 64
    assert "'no'" in ended.err
    assert not (tmp_path / "out").exists()
    path.write_text(tiny.replace("rounds: 3", "rounds: 1").replace("tiny", "other"))
    assert al_job("run", path, "--store", tmp_path / "state").code == 0
    ended = al_job(
        "report",
        "compare",
        "tiny",
        "other",
        "--out",
        tmp_path / "out",
        "--store",
        tmp_path / "state",
    )
    assert ended.code == 0, ended.err
    assert (tmp_path / "out/index.html").is_file()
