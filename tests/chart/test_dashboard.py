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


OURS = 'namespace="ns",release="al-voc"'
THEIRS = 'namespace="ns",release="al-voc-2"'
STEP = "0x45 60x45"
"""Nothing for 45 minutes, and 60 from then on."""
SERIES = {
    f'al_voc_phase{{{OURS},phase="running"}}': "1x90",
    f"al_voc_heartbeat_timestamp_seconds{{{OURS}}}": "0+60x89",
    f'al_voc_rounds{{{OURS},arm="a",state="planned"}}': "8x90",
    f'al_voc_rounds{{{OURS},arm="b",state="planned"}}': "8x90",
    f'al_voc_rounds{{{OURS},arm="a",state="done"}}': "4x90",
    f'al_voc_map50{{{OURS},arm="a"}}': "0.5x90",
    f'al_voc_stages{{{OURS},stage="train",state="running"}}': "2x90",
    f'al_voc_queue_seconds_bucket{{{OURS},stage="train",le="60"}}': STEP,
    f'al_voc_queue_seconds_bucket{{{OURS},stage="train",le="120"}}': STEP,
    f'al_voc_queue_seconds_bucket{{{OURS},stage="train",le="+Inf"}}': STEP,
    f'al_voc_stage_seconds_bucket{{{OURS},stage="train",le="60"}}': STEP,
    f'al_voc_stage_seconds_bucket{{{OURS},stage="train",le="+Inf"}}': STEP,
    f'al_voc_gpu_seconds_total{{{OURS},stage="train"}}': "0x45 3600x45",
    f'al_voc_gpu_seconds_total{{{OURS},stage="score"}}': "0x45 1800x45",
    f'al_voc_gpu_seconds_total{{{THEIRS},stage="train"}}': "0x45 9999x45",
    f'al_voc_pods_total{{{OURS},stage="train",exit_code="0"}}': STEP,
    f'al_voc_pods_total{{{OURS},stage="train",exit_code="137"}}': STEP,
    f'al_voc_api_requests_total{{{OURS},verb="GET",code="200"}}': "0+30x90",
    f'al_voc_images_total{{{OURS},stage="train"}}': "0x45 6400x45",
    f'al_voc_image_seconds_total{{{OURS},stage="train"}}': STEP,
    f'al_voc_waiting_seconds_total{{{OURS},stage="train"}}': "0x45 15x45",
    f'al_voc_gpu_memory_peak_bytes{{{OURS},stage="train"}}': "1024x90",
}
"""What Prometheus has sampled every minute; the dashboard is looked at after an hour and a half."""
SHOWN: dict[str, dict[str, float]] = {
    "Phase": {'{phase="running"}': 1},
    "Last look at the cluster": {"{}": 60},
    "Rounds that are done": {"{}": 0.25},
    "GPU hours in this range": {"{}": 1.5},
    "mAP at IoU 0.5, mean of the seeds": {'{arm="a"}': 0.5},
    "Stages that were started, by state": {'{stage="train", state="running"}': 2},
    "Time in queues, 90 % of the Jobs are below": {'{stage="train"}': 54},
    "Time of stages, 50 % are below": {'{stage="train"}': 30},
    "GPUs that are held, mean of an hour": {'{stage="score"}': 0.5, '{stage="train"}': 1},
    "Pods that failed, by exit code": {'{exit_code="137", stage="train"}': 60},
    "Requests to the API, a second": {'{code="200", verb="GET"}': 0.5},
    "Images a second of a process, mean of an hour": {'{stage="train"}': 6400 / 60},
    "Share of the time that waited for images, mean of an hour": {'{stage="train"}': 0.25},
    "GPU memory of a process, peak": {'{stage="train"}': 1024},
}


def test_each_panel_shows_what_it_says(promtool: str, tmp_path: Path) -> None:
    """Prometheus' own engine evaluates each query on samples; some are another release's."""
    tests = [
        {
            "expr": _query(panel),
            "eval_time": "90m",
            "exp_samples": [
                {"labels": labels, "value": value}
                for labels, value in SHOWN[panel["title"]].items()
            ],
        }
        for panel in panels()
    ]
    series = [{"series": name, "values": values} for name, values in SERIES.items()]
    one = {"interval": "1m", "input_series": series, "promql_expr_test": tests}
    path = tmp_path / "test.yaml"
    path.write_text(yaml.safe_dump({"evaluation_interval": "1m", "tests": [one]}))
    ended = subprocess.run(  # noqa: S603 - promtool on a file of this test
        [promtool, "test", "rules", str(path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr


def _query(panel: Any) -> str:
    """The query of a panel, with what Grafana puts in place of its variables."""
    query: str = panel["targets"][0]["expr"]
    variables = {"$namespace": "ns", "$release": "al-voc", "$__range": "1h"}
    for name, value in variables.items():
        query = query.replace(name, value)
    return query
