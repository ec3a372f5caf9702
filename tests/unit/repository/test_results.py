"""The measured experiments in docs/results: their tables, and the command that fills them."""

import itertools
from pathlib import Path

import pytest

from docs.results import reproduce
from docs.results.make_tables import PAGE, found_in, write
from job.advice.evidence import EVIDENCE, Condition
from job.config import loading
from job.config.schema import Config
from job.plan import Plan
from job.report.analysis.results import to_csv
from tests.unit.report.make_context import row

SETS = sorted(path.parent for path in PAGE.parent.glob("*/ingest"))


def test_the_tables_are_up_to_date() -> None:
    """What docs/results/README.md says of each set follows from its committed rows."""
    page = PAGE.read_text(encoding="utf-8")
    assert page == write(page)


@pytest.mark.parametrize(
    ("condition", "name"), [("redundant", "fod-runs"), ("rare", "animals-tail")]
)
def test_advice_has_the_figures_of_the_table(condition: Condition, name: str) -> None:
    """Of the recommended strategy: the points of its area, and the images that it saved."""
    found = found_in(PAGE.parent / name)
    assert found
    area = next(each.area for each in found.primary if each.area.arm == "recommended")
    assert f"{100 * area.difference.mean:.1f} points" in EVIDENCE[condition].says
    saved = next(e for e in found.savings if (e.arm, e.axis) == ("recommended", "images")).percent
    assert saved
    assert f"{saved.mean:.0f} %" in EVIDENCE[condition].says


@pytest.mark.parametrize("folder", SETS, ids=lambda folder: folder.name)
def test_every_set_compares_random_with_recommended(folder: Path) -> None:
    """On at least five seeds, with budgets that double; and four other arms with SSDLite."""
    config = Plan(loading.load(str(folder / "experiment.yaml"))).config
    assert {"random", "recommended"} <= config.arms.keys()
    assert len(config.arms) >= 6 or config.detector.model != "ssdlite_mobilenet_v2"
    assert len(config.seeds) >= 5
    totals = config.budget.totals
    assert totals
    assert all(after == 2 * before for before, after in itertools.pairwise(totals))


def test_what_matters_is_what_the_configuration_of_the_set_says(tmp_path: Path, tiny: str) -> None:
    """Half a point there, and not the point that is the default."""
    (tmp_path / "experiment.yaml").write_text(f"{tiny}report: {{smallest_effect: 0.5}}\n")
    rows = [row(arm, 0, index, 0.5) for arm in ("random", "brust") for index in range(3)]
    (tmp_path / "results.csv").write_bytes(to_csv(rows))
    found = found_in(tmp_path)
    assert found
    assert [test.smallest_effect for test in found.primary] == [0.005]


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """The curves that were run: each ends with the metric 0.25 in two rounds."""
    curves: list[tuple[str, int]] = []

    def run_curve(config: Config, store: str, arm: str, seed: int) -> list[object]:
        del config, store
        curves.append((arm, seed))
        return [row(arm, seed, index, 0.25) for index in range(2)]

    monkeypatch.setattr(reproduce, "run_curve", run_curve)
    return curves


def test_only_curves_that_the_table_lacks_are_run(
    tmp_path: Path, tiny: str, ran: list[tuple[str, int]]
) -> None:
    """A whole one stays as it is, and one of which a round is missing is run and replaced."""
    config = loading.parse(tiny.replace("rounds: 3", "rounds: 2"), "tiny")
    table = tmp_path / "results.csv"
    whole = [row("random", 0, index, 0.5) for index in range(2)]
    table.write_bytes(to_csv([*whole, row("brust", 0, 0, 0.5)]))
    for arm in ("brust", "random"):
        reproduce.fill(table, config, "state", arm, 0)
    assert ran == [("brust", 0)]
    lines = [line.split(",") for line in table.read_text().splitlines()]
    place = {name: lines[0].index(name) for name in ("arm", "round", "mAP")}
    found = [tuple(line[place[name]] for name in place) for line in lines[1:]]
    assert found == [
        ("random", "0", "0.5"),
        ("random", "1", "0.5"),
        ("brust", "0", "0.25"),
        ("brust", "1", "0.25"),
    ]
