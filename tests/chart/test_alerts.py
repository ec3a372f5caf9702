"""Alerts about a release: each expression is evaluated by Prometheus' own engine.

The samples are in the form in which kube-state-metrics 2 tells of Jobs and pods. `make test-alerts`
builds promtool, which evaluates them.
"""

import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from job.keys import REPORT, STAGES, RoundRef
from job.launch.kubernetes.job_spec import job_name
from job.launch.kubernetes.settings import LaunchConfig

ROOT = Path(__file__).parents[2]
RULES = {"metrics": {"labels": {"release": "prometheus"}, "rules": {"enabled": True}}}
DRIVER = "al-voc-driver-3baad80f"
TRAIN = "al-voc-quickstart-s0-random-r1-train-1"
JOB = f'namespace="ns",job_name="{TRAIN}"'
POD = 'namespace="ns",pod="{}"'
FROM_KSM = 'instance="10.0.0.1:8080",job="kube-state-metrics",'


def pod(name: str) -> str:
    return f'{FROM_KSM}namespace="ns",pod="{name}",uid="u-{name}"'


def job(name: str) -> str:
    return f'{FROM_KSM}namespace="ns",job_name="{name}"'


def stage(name: str = TRAIN, release: str = "al-voc", kind: str = "ConfigMap") -> dict[str, str]:
    """The samples by which a stage's Job and its pod are known."""
    owner = f'owner_kind="{kind}",owner_name="{release}",owner_is_controller="false"'
    controller = f'owner_kind="Job",owner_name="{name}",owner_is_controller="true"'
    return {
        f"kube_job_owner{{{job(name)},{owner}}}": "1x200",
        f"kube_pod_owner{{{pod(f'{name}-x7')},{controller}}}": "1x200",
    }


def cut(release: str) -> str:
    """The name of a JobSet that is too long, as the driver makes it."""
    names = {"release": release, "namespace": "ns", "owner": release, "status": "status"}
    templates: dict[str, object] = {each: {} for each in (*STAGES, REPORT)}
    launch = LaunchConfig.model_validate({**names, "trainNodes": 2, "templates": templates})
    arm = "an-arm-whose-name-leaves-no-room"
    name = job_name(launch, RoundRef("quickstart", 0, arm, 1).stage("train"), 1)
    assert arm not in name
    return name


def phase(name: str, value: str, told: str = "1x200") -> dict[str, str]:
    phases = ("Pending", "Running", "Succeeded", "Failed", "Unknown")
    return {
        f'kube_pod_status_phase{{{pod(name)},phase="{each}"}}': told if each == value else "0x200"
        for each in phases
    }


def condition(metric: str, name: str, told: str) -> dict[str, str]:
    return {f'{metric}{{{job(name)},condition="true"}}': told}


@dataclass(frozen=True)
class Case:
    """What Prometheus has sampled every minute, and of what it tells after some time."""

    alert: str
    series: dict[str, str]
    fires: dict[str, str] | None
    """The labels that say what it is about; None: it tells nothing."""
    minutes: int = 0
    values: dict[str, Any] = field(default_factory=dict)


def test_alerts_are_off_unless_asked_for(render: Any) -> None:
    """A cluster without the Prometheus operator refuses their object."""
    assert render().of_kind("PrometheusRule") == []


def test_the_object_is_found_by_its_labels(render: Any) -> None:
    """A Prometheus takes the rules with the labels that it was told, and the chart's own stay."""
    [rule] = render(RULES).of_kind("PrometheusRule")
    labels = rule["metadata"]["labels"]
    assert labels["release"] == "prometheus"
    assert labels["al-voc/release"] == "al-voc"


def test_no_word_in_brackets_is_left(render: Any) -> None:
    """Release, namespace and time are put in, and another release has rules of its own."""
    [rule] = render(RULES, name="exp").of_kind("PrometheusRule")
    text = yaml.safe_dump(rule, width=1000)
    assert not re.search("<[a-z]+>", text)
    assert "exp-al-voc-driver-" in text


def test_every_alert_is_explained(render: Any) -> None:
    """The page on troubles has a line for each."""
    page = (ROOT / "docs/troubleshooting.md").read_text(encoding="utf-8")
    [rule] = render(RULES).of_kind("PrometheusRule")
    alerts = [each for each in rule["spec"]["groups"][0]["rules"] if "alert" in each]
    assert alerts
    for each in alerts:
        assert f"| `{each['alert']}` |" in page
        assert each["labels"]["severity"] in {"critical", "warning"}


PENDING = f"{TRAIN}-x7"
HEARTBEAT = (
    "al_voc_heartbeat_timestamp_seconds{"
    f'namespace="ns",pod="{DRIVER}-abc",release="al-voc",container="driver"}}'
)
PHASE = HEARTBEAT.replace("heartbeat_timestamp_seconds{", 'phase{phase="failed",')
CASES = {
    "a driver that failed": Case(
        "AlVocDriverFailed",
        condition("kube_job_failed", DRIVER, "_x2 1x10"),
        {"job_name": DRIVER, "condition": "true", "instance": "10.0.0.1:8080"}
        | {"job": "kube-state-metrics"},
        4,
    ),
    "a driver that is complete": Case(
        "AlVocDriverFailed", condition("kube_job_complete", DRIVER, "1x10"), None, 4
    ),
    "the failed driver of a release with a longer name": Case(
        "AlVocDriverFailed", condition("kube_job_failed", "al-voc-2-driver-3baad80f", "1x10"), None
    ),
    "a failed driver whose stages still run": Case(
        "AlVocExperimentFailed", {PHASE: "_x2 1x10"}, {"pod": f"{DRIVER}-abc"}, 4
    ),
    "a driver that runs again": Case("AlVocExperimentFailed", {PHASE: "1x2 stale"}, None, 8),
    "a driver without a pod": Case(
        "AlVocDriverWithoutPod",
        {f"kube_job_status_active{{{job(DRIVER)}}}": "0x30"},
        {"job_name": DRIVER, "instance": "10.0.0.1:8080", "job": "kube-state-metrics"},
        16,
    ),
    "a driver whose next attempt is soon": Case(
        "AlVocDriverWithoutPod", {f"kube_job_status_active{{{job(DRIVER)}}}": "0x10 1x30"}, None, 16
    ),
    "a driver that has finished": Case(
        "AlVocDriverWithoutPod",
        {f"kube_job_status_active{{{job(DRIVER)}}}": "0x30"}
        | condition("kube_job_complete", DRIVER, "1x30"),
        None,
        16,
    ),
    "a driver that was cancelled": Case(
        "AlVocDriverWithoutPod",
        {
            f"kube_job_status_active{{{job(DRIVER)}}}": "0x30",
            f"kube_job_status_suspended{{{job(DRIVER)}}}": "1x30",
        },
        None,
        16,
    ),
    "a driver that hangs": Case(
        "AlVocDriverSilent", {HEARTBEAT: "60x30"}, {"pod": f"{DRIVER}-abc"}, 12
    ),
    "a driver that looks every minute": Case("AlVocDriverSilent", {HEARTBEAT: "0+60x30"}, None, 12),
    "a driver that has ended": Case("AlVocDriverSilent", {HEARTBEAT: "60x3 stale"}, None, 12),
    "a driver whose image cannot be pulled": Case(
        "AlVocCannotStart", phase(f"{DRIVER}-abc", "Pending"), {"pod": f"{DRIVER}-abc"}, 6
    ),
    "a driver whose image was pulled in time": Case(
        "AlVocCannotStart", phase(f"{DRIVER}-abc", "Pending", "1x3 0x30"), None, 6
    ),
    "a stage that no node takes": Case(
        "AlVocStagePending", stage() | phase(PENDING, "Pending"), {"pod": PENDING}, 61
    ),
    "a training on several nodes": Case(
        "AlVocStagePending",
        stage(release=TRAIN, kind="JobSet") | phase(PENDING, "Pending"),
        {"pod": PENDING},
        61,
    ),
    "a training on several nodes whose name is cut": Case(
        "AlVocStagePending",
        stage(cut("al-voc"), cut("al-voc"), kind="JobSet")
        | phase(f"{cut('al-voc')}-x7", "Pending"),
        {"pod": f"{cut('al-voc')}-x7"},
        61,
    ),
    "a training on several nodes of a release with a longer name": Case(
        "AlVocStagePending",
        stage(release="al-voc-2-quickstart-s0-random-r1-train-1", kind="JobSet")
        | phase(PENDING, "Pending"),
        None,
        61,
    ),
    "a training of such a release whose name is cut": Case(
        "AlVocStageQueued",
        stage(release=cut("al-voc-2"), kind="JobSet")
        | {f"kube_job_status_suspended{{{job(TRAIN)}}}": "1x200"},
        None,
        61,
    ),
    "a JobSet of somebody else": Case(
        "AlVocStagePending",
        stage(release="their-train-1", kind="JobSet") | phase(PENDING, "Pending"),
        None,
        61,
    ),
    "a stage that waited for less than an hour": Case(
        "AlVocStagePending", stage() | phase(PENDING, "Pending"), None, 58
    ),
    "a stage of another release": Case(
        "AlVocStagePending",
        stage(release="al-voc-2") | phase(PENDING, "Pending"),
        None,
        61,
    ),
    "a stage that runs": Case("AlVocStagePending", stage() | phase(PENDING, "Running"), None, 61),
    "a stage that may wait for ten minutes": Case(
        "AlVocStagePending",
        stage() | phase(PENDING, "Pending"),
        {"pod": PENDING},
        11,
        {"waiting": "10m"},
    ),
    "a stage in a queue": Case(
        "AlVocStageQueued",
        stage() | {f"kube_job_status_suspended{{{job(TRAIN)}}}": "1x200"},
        {"job_name": TRAIN, "instance": "10.0.0.1:8080", "job": "kube-state-metrics"},
        61,
    ),
    "a training on several nodes in a queue": Case(
        "AlVocStageQueued",
        stage(release=TRAIN, kind="JobSet")
        | {f"kube_job_status_suspended{{{job(TRAIN)}}}": "1x200"},
        {"job_name": TRAIN, "instance": "10.0.0.1:8080", "job": "kube-state-metrics"},
        61,
    ),
    "a stage in a queue, as earlier versions tell it": Case(
        "AlVocStageQueued",
        stage() | condition("kube_job_status_suspended", TRAIN, "1x200"),
        {"job_name": TRAIN, "instance": "10.0.0.1:8080", "job": "kube-state-metrics"}
        | {"condition": "true"},
        61,
    ),
    "a stage that was admitted": Case(
        "AlVocStageQueued",
        stage() | {f"kube_job_status_suspended{{{job(TRAIN)}}}": "1x20 0x200"},
        None,
        61,
    ),
    "a stage's pod on a lost node": Case(
        "AlVocPodTerminating",
        stage() | {f"kube_pod_deletion_timestamp{{{pod(PENDING)}}}": "60x30"},
        {"pod": PENDING},
        12,
    ),
    "a driver's pod on a lost node": Case(
        "AlVocPodTerminating",
        {
            f"kube_pod_info{{{pod(f'{DRIVER}-abc')}}}": "1x30",
            f"kube_pod_deletion_timestamp{{{pod(f'{DRIVER}-abc')}}}": "60x30",
        },
        {"pod": f"{DRIVER}-abc"},
        12,
    ),
    "a pod that may take its time": Case(
        "AlVocPodTerminating",
        stage() | {f"kube_pod_deletion_timestamp{{{pod(PENDING)}}}": "600x30"},
        None,
        12,
    ),
    "a training with too little memory": Case(
        "AlVocOutOfMemory",
        stage()
        | {
            "kube_pod_container_status_terminated_reason{"
            f'{pod(PENDING)},container="stage",reason="OOMKilled"}}': "_x2 1x30"
        },
        {"pod": PENDING},
        3,
    ),
    "a training that ended with an error": Case(
        "AlVocOutOfMemory",
        stage()
        | {
            "kube_pod_container_status_terminated_reason{"
            f'{pod(PENDING)},container="stage",reason="Error"}}': "1x30"
        },
        None,
        3,
    ),
}


def test_every_alert_is_evaluated(render: Any) -> None:
    """Each has a case in which it tells something, and one in which it does not."""
    [rule] = render(RULES).of_kind("PrometheusRule")
    names = {each["alert"] for each in rule["spec"]["groups"][0]["rules"] if "alert" in each}
    assert {case.alert for case in CASES.values() if case.fires} == names
    assert {case.alert for case in CASES.values() if not case.fires} == names


def test_each_alert_tells_what_it_should(render: Any, promtool: str, tmp_path: Path) -> None:
    """After its time, about the right pod or Job, and about nothing else."""
    for number, values in enumerate(({}, {"waiting": "10m"})):
        [rule] = render({"metrics": {"rules": {"enabled": True, **values}}}).of_kind(
            "PrometheusRule"
        )
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "rules.yaml").write_text(yaml.safe_dump(rule["spec"]), encoding="utf-8")
        cases = {what: case for what, case in CASES.items() if case.values == values}
        tests = [_test(rule, what, case) for what, case in cases.items()]
        content = {"rule_files": ["rules.yaml"], "evaluation_interval": "1m", "tests": tests}
        (folder / "test.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
        ended = subprocess.run(  # noqa: S603 - promtool on files of this test
            [promtool, "test", "rules", "test.yaml"],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr


def _test(rule: Any, what: str, case: Case) -> dict[str, Any]:
    """Return what promtool evaluates; its complaints have the name."""
    [alert] = [
        each for each in rule["spec"]["groups"][0]["rules"] if each.get("alert") == case.alert
    ]
    labels = alert["labels"] | {"namespace": "ns"} | (case.fires or {})
    told = {
        name: re.sub(r"\{\{ \$labels\.(\w+) \}\}", lambda found: labels.get(found[1], ""), text)
        for name, text in alert["annotations"].items()
    }
    fires = [{"exp_labels": labels, "exp_annotations": told}] if case.fires else []
    expected = {"alertname": case.alert, "eval_time": f"{case.minutes}m", "exp_alerts": fires}
    return {
        "name": what,
        "interval": "1m",
        "input_series": [{"series": k, "values": v} for k, v in case.series.items()],
        "alert_rule_test": [expected],
    }
