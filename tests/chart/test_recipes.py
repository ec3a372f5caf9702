"""The values of the install recipes: the chart takes them, with those for GPUs before them."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.chart.conftest import ROOT

PAGE = (ROOT / "docs/guides/install-recipes.md").read_text(encoding="utf-8")
FILES = dict(re.findall(r"^```yaml\n# (\w+)\.yaml.*\n((?:.*\n)*?)^```", PAGE, re.MULTILINE))
LATER = {"autopilot": "gke"}
"""Values that come after those of another file."""


@pytest.mark.parametrize("name", FILES)
def test_the_chart_takes_the_values_of_a_recipe(render: Any, tmp_path: Path, name: str) -> None:
    """A training has a GPU, and is sent where the recipe says."""
    given = yaml.safe_load(FILES[name])
    before = tmp_path / "before.yaml"
    before.write_text(FILES.get(LATER.get(name, ""), "{}"), encoding="utf-8")
    values = ("--values", str(ROOT / "helm/values-gpu.yaml"), "--values", str(before))
    url = ("--set", "store.url=s3://b") if name == "openshift" else ()
    spec = render(given, *values, *url).stage("train")
    [container] = spec["containers"]
    assert container["resources"]["limits"]["nvidia.com/gpu"] == "1"
    wanted = given.get("stages", {}).get("gpu", {}).get("nodeSelector", {})
    assert spec.get("nodeSelector", {}).items() >= wanted.items()


def test_the_recipes_on_paper_have_values() -> None:
    """They are the files that their commands name."""
    assert {*FILES} == {"eks", "gke", "autopilot", "openshift"}
    for name in ("eks", "gke", "openshift"):
        assert f"-f {name}.yaml" in PAGE
