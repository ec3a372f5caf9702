"""The chart, rendered by helm; each rendering once."""

import functools
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from kubernetes.utils import parse_quantity

ROOT = Path(__file__).parents[2]
CHART = ROOT / "helm"
KIND_VALUES = ROOT / "k8s/kind/values.yaml"

Object = dict[str, Any]


@dataclass(frozen=True)
class Rendering:
    """The objects of a release."""

    objects: list[Object]

    def named(self, kind: str, name: str) -> Object:
        [found] = [
            each
            for each in self.objects
            if (each["kind"], each["metadata"]["name"]) == (kind, name)
        ]
        return found

    def of_kind(self, kind: str) -> list[Object]:
        return [each for each in self.objects if each["kind"] == kind]

    def jobs(self, component: str) -> list[Object]:
        label = "app.kubernetes.io/component"
        return [job for job in self.of_kind("Job") if job["metadata"]["labels"][label] == component]

    @functools.cached_property
    def config(self) -> dict[str, str]:
        """What the ConfigMap with the experiment holds."""
        [found] = [each for each in self.of_kind("ConfigMap") if each.get("data")]
        data: dict[str, str] = found["data"]
        return data

    @functools.cached_property
    def launch(self) -> Object:
        content: Object = yaml.load(self.config["launch.yaml"], yaml.CSafeLoader)
        return content

    def stage(self, name: str) -> Object:
        """The spec of a stage's pod."""
        spec: Object = self.launch["templates"][name]["spec"]["template"]["spec"]
        return spec

    def pods(self) -> Iterator[tuple[str, Object]]:
        """Every pod of the release, those that the driver makes among them, as (name, template)."""
        for each in self.objects:
            if each["kind"] in {"Job", "Deployment"}:
                yield each["metadata"]["name"], each["spec"]["template"]
            elif each["kind"] == "Pod":
                yield each["metadata"]["name"], each
        for stage, job in self.launch["templates"].items():
            yield stage, job["spec"]["template"]


def helm(*arguments: str, values: str = "{}") -> subprocess.CompletedProcess[str]:
    program = shutil.which("helm")
    if not program:
        pytest.skip("helm is not installed")
    return subprocess.run(  # noqa: S603 - arguments are the tests' own
        [program, *arguments, "--values", "-"],
        input=values,
        env={**os.environ, "KUBECONFIG": os.devnull},  # no cluster, whichever is at hand
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@functools.cache
def _render(name: str, values: str, arguments: tuple[str, ...]) -> Rendering:
    ended = helm("template", name, str(CHART), "-n", "ns", *arguments, values=values)
    if ended.returncode:
        raise AssertionError(ended.stderr)
    objects = yaml.load_all(ended.stdout, yaml.CSafeLoader)
    return Rendering([each for each in objects if each])


@pytest.fixture(scope="session")
def render() -> Callable[..., Rendering]:
    """A function that renders the chart: `render({"image": {"tag": "1"}}, name="release")`."""

    def call(values: Object | None = None, *arguments: str, name: str = "al-voc") -> Rendering:
        return _render(name, json.dumps(values or {}), arguments)

    return call


@pytest.fixture(scope="session")
def refuse() -> Callable[[Object], str]:
    """A function that says why the chart refuses values."""

    def call(values: Object) -> str:
        ended = helm("template", "al-voc", str(CHART), values=json.dumps(values))
        assert ended.returncode
        return ended.stderr

    return call


@pytest.fixture(scope="session")
def run_helm() -> Callable[..., subprocess.CompletedProcess[str]]:
    """A function that runs helm with values on its standard input."""
    return helm


@pytest.fixture(params=["1.31", "newest"])
def validate(request: pytest.FixtureRequest) -> Callable[[Object], None]:
    """A function that accepts what the oldest supported Kubernetes knows, and the newest."""
    newest = kubernetes_validate.latest_version()
    version = newest if request.param == "newest" else request.param

    def call(content: Object) -> None:
        kubernetes_validate.validate(content, version, strict=True)

    return call


@pytest.fixture(scope="session")
def quantity() -> Callable[[Any], Decimal]:
    """A function that gives the number that a quantity such as `4Gi` or `200m` stands for."""

    def call(text: Any) -> Decimal:
        number: Decimal = parse_quantity(text)  # type: ignore[no-untyped-call]
        return number

    return call


@pytest.fixture(scope="session")
def every_value() -> Object:
    """Values that differ from the defaults in whatever brings something into a pod."""
    pod = {
        "nodeSelector": {"pool": "gpu"},
        "affinity": {
            "nodeAffinity": {
                "requiredDuringSchedulingIgnoredDuringExecution": {
                    "nodeSelectorTerms": [
                        {"matchExpressions": [{"key": "zone", "operator": "In", "values": ["a"]}]}
                    ]
                }
            }
        },
        "tolerations": [{"key": "gpu", "operator": "Exists", "effect": "NoSchedule"}],
        "priorityClassName": "low",
        "podAnnotations": {"note": "mine"},
        "podLabels": {"team": "vision"},
    }
    job_pod = pod | {
        "extraEnv": [{"name": "HTTPS_PROXY", "value": "http://proxy:3128"}],
        "extraVolumes": [{"name": "voc", "persistentVolumeClaim": {"claimName": "voc"}}],
        "extraVolumeMounts": [{"name": "voc", "mountPath": "/voc", "readOnly": True}],
    }
    return {
        "image": {"digest": "sha256:" + "a" * 64, "pullSecrets": [{"name": "registry"}]},
        "podSecurityContext": {"fsGroup": 7},
        "serviceAccount": {"annotations": {"eks.amazonaws.com/role-arn": "arn:aws:iam::1:role/r"}},
        "proxy": {"https": "http://proxy:3128"},
        "store": {
            "caBundle": {"configMap": "authorities"},
            "embedded": pod | {"persistence": {"enabled": True, "storageClass": "fast"}},
        },
        "stages": {"defaults": job_pod | {"runtimeClassName": "nvidia", "gpus": 2}},
        "ingest": {"args": ["voc", "--root=/voc", "--pool=train", "--test=test", "--name=voc"]},
        "driver": job_pod,
        "ui": job_pod | {"enabled": True, "existingSecret": "pages"},
        "annotation": {"existingSecret": "labels", "webhook": {"enabled": True}},
        "metrics": {"enabled": True},
        "notify": {"existingSecret": "chat"},
        "launch": {"queueName": "team", "scorePartitions": 4, "scoreParallelism": 2},
    }


@pytest.fixture(scope="session")
def kind_values() -> Object:
    """The values for a kind cluster."""
    content: Object = yaml.safe_load(KIND_VALUES.read_text(encoding="utf-8"))
    return content


@pytest.fixture(params=["no values", "every value", "kind", "own bucket"])
def rendering(
    request: pytest.FixtureRequest,
    render: Callable[..., Rendering],
    every_value: Object,
    kind_values: Object,
) -> Rendering:
    """Renderings that between them have every object of the chart."""
    own_bucket = {"store": {"url": "s3://mine/voc", "existingSecret": "mine"}}
    values = {
        "no values": {},
        "every value": every_value,
        "kind": kind_values,
        "own bucket": own_bucket,
    }
    return render(values[request.param])


@pytest.fixture(scope="session")
def promtool() -> str:
    """Prometheus' own tool."""
    program = shutil.which(os.environ.get("PROMTOOL", "promtool"))
    if not program:
        pytest.skip("promtool is not there: `make test-alerts` builds it, with Go")
    return program
