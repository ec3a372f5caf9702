"""The dashboard for Grafana asks for metrics that the driver has, by labels that they have."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import yaml

from job.telemetry.metrics import Metrics

DASHBOARD = Path(__file__).parents[2] / "k8s/grafana-dashboard.json"


def panels() -> list[Any]:
    found: list[Any] = json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]
    return found


def test_each_panel_asks_for_metrics_of_the_driver() -> None:
    """Each query names metrics that there are, of one release."""
    known = {
        name
        for family in Metrics().registry.collect()
        for name in (family.name, *(f"{family.name}_{end}" for end in ("total", "bucket")))
    }
    for panel in panels():
        [target] = panel["targets"]
        names = re.findall(r"al_voc_\w+", target["expr"])
        assert names, panel["title"]
        assert set(names) <= known, panel["title"]
        ours = 'namespace="$namespace", release="$release"'
        assert target["expr"].count(ours) == len(names), panel["title"]


def test_panels_have_a_place_of_their_own() -> None:
    """No two lie over each other, and none leaves the 24 columns of the page."""
    taken: set[tuple[int, int]] = set()
    for panel in panels():
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        own = {
            (place["x"] + column, place["y"] + row)
            for column in range(place["w"])
            for row in range(place["h"])
        }
        assert not own & taken, panel["title"]
        taken |= own


def test_each_query_is_one_of_prometheus(promtool: str, tmp_path: Path) -> None:
    """Its own tool reads them, with a time in place of Grafana's variables."""
    rules = [
        {
            "record": f"panel:{number}",
            "expr": panel["targets"][0]["expr"].replace("$__range", "1h"),
        }
        for number, panel in enumerate(panels())
    ]
    path = tmp_path / "rules.yaml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": rules}]}))
    ended = subprocess.run(  # noqa: S603 - promtool on a file of this test
        [promtool, "check", "rules", str(path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
