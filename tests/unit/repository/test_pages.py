"""Configurations and code on the pages, which a reader copies."""

import importlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from job.config import loading
from job.plan import Plan

ROOT = Path(__file__).parents[3]
GUIDE = (ROOT / "docs/guides/adding-a-strategy.md").read_text(encoding="utf-8")
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
CONFIGURATIONS = [
    *(
        (page.name, text)
        for page in PAGES
        for text in re.findall(
            r"^```yaml\n((?:#.*\n)?experiment: .*?)^```",
            page.read_text(encoding="utf-8"),
            re.DOTALL | re.MULTILINE,
        )
    ),
    *(
        (path.name, path.read_text(encoding="utf-8"))
        for path in sorted((ROOT / "docs/results").rglob("*.yaml"))
    ),
]


@pytest.mark.parametrize(("name", "text"), CONFIGURATIONS, ids=[each[0] for each in CONFIGURATIONS])
def test_a_configuration_on_a_page_is_valid(name: str, text: str) -> None:
    """Its settings exist, and its arms too."""
    assert Plan(loading.parse(text, name)).arms


def test_the_strategy_of_the_guide_passes_its_test(
    install_plugin: Callable[..., None], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Installed as a package, with the test that the guide shows."""
    strategy, test = re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL)
    entry = re.search(r'\[project\.entry-points\."(.+)"\]\n(.+)\n', GUIDE)
    assert entry
    install_plugin("least_confident", strategy, *entry.groups())
    (tmp_path / "test_of_the_guide.py").write_text(test)
    monkeypatch.syspath_prepend(tmp_path)
    module: Any = importlib.import_module("test_of_the_guide")
    module.test_the_least_confident_image_comes_first()


def test_the_guide_s_arms_are_valid(install_plugin: Callable[..., None]) -> None:
    """Those that are replayed, with the strategy of the guide among them."""
    strategy = re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL)[0]
    entry = "least-confident = least_confident:LeastConfident"
    install_plugin("least_confident", strategy, "al_voc.strategies", entry)
    small = re.search(r"```yaml\n(# small.yaml.*?)```", GUIDE, re.DOTALL)
    tried = re.search(r"```yaml\n# try.yaml\n(.*?)```", GUIDE, re.DOTALL)
    assert small
    assert tried
    content = yaml.safe_load(small[1]) | {"arms": yaml.safe_load(tried[1])}
    plan = Plan(loading.parse(yaml.safe_dump(content), "small.yaml"))
    assert [arm.name for arm in plan.arms] == sorted(yaml.safe_load(tried[1]))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_file_that_a_page_names_exists(page: Path) -> None:
    """Except on the page that shows where new files go."""
    named = re.findall(
        r"`((?:job|docs|tests|k8s|helm|benchmarks)/[\w./-]+)`", page.read_text("utf-8")
    )
    lost = [path for path in named if not (ROOT / path).exists()]
    assert not lost or page.name == "extending.md"


def test_an_upgrade_on_a_page_has_the_defaults_of_the_new_chart() -> None:
    """Helm's `--reuse-values` leaves them out, and the templates need those of new values."""
    upgrades = re.findall(r"helm upgrade .*", "\n".join(map(Path.read_text, PAGES)))
    assert upgrades
    assert [each for each in upgrades if " --reuse-values" in each] == []


def test_the_guide_to_detectors_shows_the_example_as_it_is() -> None:
    """What a reader copies is what is linted, type-checked and tested."""
    guide = (ROOT / "docs/guides/your-own-detector.md").read_text(encoding="utf-8")
    example = ROOT / "examples/detector-plugin"
    lines = [
        line.strip()
        for path in example.rglob("*.py")
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    blocks = re.findall(r"^```(?:python|toml)\n(.*?)^```", guide, re.DOTALL | re.MULTILINE)
    written = "\n".join([*lines, *(example / "pyproject.toml").read_text().splitlines()])
    assert len(blocks) == 6
    for block in blocks:
        assert "\n".join(line.strip() for line in block.splitlines()) in written
