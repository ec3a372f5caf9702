"""docs/extending.md: its examples are files, and each of them works."""

import ast
import re
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pytest

from docs.examples.budget_section import BudgetSection
from docs.examples.by_name import ByName
from docs.examples.counting_store import CountingStore
from docs.examples.full_frame import FullFrame
from docs.examples.half_range import HalfRange
from docs.examples.last_first import LastFirst
from docs.examples.shades import Shades
from job import experiment
from job.acquisition.registry import STRATEGIES
from job.acquisition.strategy import Strategy
from job.annotators import ANNOTATORS, Annotator
from job.config import loading
from job.data.formats import FORMATS
from job.data.formats.base import Source
from job.detection.detectors import DETECTORS
from job.detection.detectors.architecture import Architecture
from job.keys import RoundRef
from job.report.sections import SECTIONS, SectionBuilder
from job.runtime.plugins import Registry
from job.storage.memory import MemoryStore
from tests.conftest import AlJob
from tests.outputs import output_key

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs/extending.md").read_text()
EXAMPLES = sorted((ROOT / "docs/examples").glob("*.py"))
KINDS: list[tuple[Registry, str, type, type]] = [
    (STRATEGIES, "by-name", ByName, Strategy),
    (DETECTORS, "half-range", HalfRange, Architecture),
    (FORMATS, "shades", Shades, Source),
    (ANNOTATORS, "full-frame", FullFrame, Annotator),
    (SECTIONS, "budget", BudgetSection, SectionBuilder),
]


@pytest.fixture
def _installed(install_plugin: Callable[..., None]) -> None:
    """The examples as packages, with the entry points of the page."""
    pattern = r'entry-points\."(al_voc\.\w+)"\]\n((\S+) = "(\w+):\w+")'
    found = re.findall(pattern, PAGE)
    assert len(found) == len(KINDS)
    for group, entry, _, module in found:
        code = (ROOT / f"docs/examples/{module}.py").read_text()
        install_plugin(module, code, group, entry.replace('"', ""))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_page_shows_each_example_as_it_is(path: Path) -> None:
    """What is tested and type-checked is what a reader copies."""
    assert f"```python\n{path.read_text()}```" in PAGE


PLUG_INS = [
    *(path for path in EXAMPLES if path.stem not in {"counting_store", "last_first"}),
    *sorted((ROOT / "examples/detector-plugin/al_voc_yolo").glob("*.py")),
    *sorted((ROOT / "tests/typing").glob("*.py")),
]
API = re.findall(r"automodule:: (job[\w.]+)", (ROOT / "docs/api.md").read_text())


def test_the_page_names_the_packages_of_the_api() -> None:
    """Those of docs/api.md, each with an `__all__` whose names exist."""
    assert len(API) == 7
    for name in API:
        module = import_module(name)
        assert f"`{name}`" in PAGE
        assert all(hasattr(module, each) for each in module.__all__)


@pytest.mark.parametrize("path", PLUG_INS, ids=lambda path: path.stem)
def test_a_plug_in_imports_what_the_api_promises(path: Path) -> None:
    """Names in `__all__` of a package of the API, and nothing else of al-voc."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "job":
            assert node.module in API
            promised = import_module(str(node.module)).__all__
            assert {each.name for each in node.names} <= set(promised)
        assert not (isinstance(node, ast.Import) and node.names[0].name.startswith("job"))


@pytest.mark.usefixtures("_installed")
@pytest.mark.parametrize(
    ("registry", "name", "kind", "base"), KINDS, ids=[each[1] for each in KINDS]
)
def test_an_entry_point_is_enough(registry: Registry, name: str, kind: type, base: type) -> None:
    """Each registry finds the example by the name on the page, and it is of the registry's kind."""
    assert name in registry.names()
    assert registry.load(name, base).__name__ == kind.__name__
    assert issubclass(kind, base)


@pytest.mark.slow
@pytest.mark.usefixtures("_installed")
def test_an_experiment_of_plug_ins_runs_to_its_report(
    al_job: AlJob, tiny: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Strategy, detector, annotator and section of other packages work together."""
    monkeypatch.setenv("AL_CACHE", str(tmp_path / "cache"))
    text = tiny.replace("rounds: 3", "rounds: 2").replace(
        "brust: {strategy: brust, class_weights: true}", "named: {strategy: by-name}"
    )
    text = text.replace("detector: {", "detector: {model: half-range, ")
    path = tmp_path / "tiny.yaml"
    path.write_text(f"{text}annotation: {{annotator: full-frame}}\n")
    ended = al_job("run", path, "--store", tmp_path / "state")
    assert ended.code == 0, ended.err
    round_1 = tmp_path / "state/experiments/tiny/seed-0/named/round-001"
    (picks,) = round_1.glob("select/picks-*.csv")
    assert "by its name" in picks.read_text()
    page = (tmp_path / "state/experiments/tiny/report/index.html").read_text()
    assert "6 images in round 0, then 4 a round." in page


@pytest.mark.usefixtures("_installed")
def test_a_format_of_a_plug_in_is_ingested(al_job: AlJob, tmp_path: Path) -> None:
    """The command of the page."""
    command = "al-job ingest shades --num-shades 10 --name grey"
    assert command in PAGE
    ended = al_job(*command.split()[1:], "--store", tmp_path / "state")
    assert ended.code == 0, ended.err
    assert (tmp_path / "state/datasets/grey/dataset.json").is_file()


@pytest.mark.slow
def test_a_launcher_and_a_store_run_an_experiment(tiny: str) -> None:
    """With the results of the package's own."""
    config = loading.parse(tiny.replace("rounds: 3", "rounds: 1"), "tiny")
    counted, plain = CountingStore(), MemoryStore()
    outcome = experiment.run(counted, config, make_launcher=LastFirst)
    assert outcome.num_run == experiment.run(plain, config).num_run == 4
    assert counted.num_writes >= 4
    key = output_key(plain, RoundRef("tiny", 0, None, 0).stage("train"), "model.safetensors")
    assert counted.read(key) == plain.read(key)
