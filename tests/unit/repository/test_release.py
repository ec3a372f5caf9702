"""The version, which stands in several places."""

import re
import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[3]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
RELEASES = re.findall(
    r"^## (.+)$", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE
)


def test_package_and_chart_have_one_version() -> None:
    """The chart's own version and that of the container image are the package's."""
    chart = yaml.safe_load((ROOT / "helm/Chart.yaml").read_text(encoding="utf-8"))
    assert chart["version"] == chart["appVersion"] == PROJECT["version"]


def test_the_changelog_dates_every_version() -> None:
    """The newest first, which is the package's, unless changes since then are unreleased."""
    released = [each for each in RELEASES if each != "Unreleased"]
    assert all(re.fullmatch(r"\d+\.\d+\.\d+ - \d{4}-\d\d-\d\d", each) for each in released)
    assert released[0].split(" ")[0] == PROJECT["version"]
