"""What scanners say of the chart, the container image and the workflows: all of it has a reason."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.chart.conftest import CHART, ROOT, Rendering, helm

TOOLS = os.environ.get("SCAN_TOOLS", "")
"""The folder of the programs; beside them, those of PATH."""
VALUES = {"ui": {"enabled": True, "existingSecret": "pages"}}

CHECKOV = {
    ("CKV_K8S_21", "*"): "objects come into the namespace that helm is given, whatever it is",
    ("CKV_K8S_43", "*"): "a clone names what it has built by its tag; a published chart by digest",
    ("CKV_K8S_15", "*"): "a tag of a version does not change; pulling always needs the registry",
    ("CKV_K8S_40", "*"): "the user is the image's, 65532; OpenShift gives a higher one by itself",
    ("CKV_K8S_35", "Deployment"): "the store's server reads its keys from variables alone",
    ("CKV_K8S_11", "*"): "a CPU limit makes a pod wait on an idle node; the request is its share",
    ("CKV_K8S_8", "Pod"): "the test ends by itself, within a time limit",
    ("CKV_K8S_9", "Pod"): "the test serves nobody",
    ("CKV_K8S_38", "Job"): "the driver creates Jobs, so its pod alone has a token",
    ("CKV_DOCKER_7", "Dockerfile"): "the base is an argument, whose default has a tag",
    ("CKV_DOCKER_2", "Dockerfile"): "stages end by themselves; Kubernetes asks the pages and store",
}
"""Of checkov: a check and the kind that it fails on, or any -> why that is right here."""
KUBE_SCORE = {
    ("container-ephemeral-storage-request-and-limit", "*"): "a volume's size limits it, and evicts",
    ("container-image-pull-policy", "*"): "as CKV_K8S_15",
    ("container-resources", "*"): "as CKV_K8S_11",
    ("container-security-context-user-group-id", "*"): "as CKV_K8S_40",
    ("deployment-replicas", "Deployment"): "two stores never share a volume; the pages only read",
    ("deployment-strategy", "Deployment"): "as for the replicas: the old store's pod ends first",
    ("pod-networkpolicy", "*"): "what may be reached only you know: `networkPolicy.egress`",
    ("pod-probes-identical", "Deployment"): "neither the store nor the pages wait for others",
}
ZIZMOR = {
    "self-repository": "the older form, which every version of GitHub's server and runner knows",
}


def run(name: str, *arguments: str) -> Any:
    """Return what a program says in JSON; a finding makes it end with an error of its own."""
    program = shutil.which(name, path=TOOLS) or shutil.which(name)
    if not program:
        pytest.skip(f"{name} is not installed; `make scan` installs those that pip has")
    ended = subprocess.run(  # noqa: S603 - a scanner, with arguments of these tests
        [program, *arguments], check=False, capture_output=True, text=True, timeout=600, cwd=ROOT
    )
    assert ended.stdout.strip(), ended.stderr
    return json.loads(ended.stdout)


@pytest.fixture(scope="module")
def manifests(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with all objects of a release, and a Job of each stage."""
    ended = helm("template", "al-voc", str(CHART), "-n", "al", values=json.dumps(VALUES))
    assert not ended.returncode, ended.stderr
    objects = [each for each in yaml.safe_load_all(ended.stdout) if each]
    for stage, job in Rendering(objects).launch["templates"].items():
        metadata = job["metadata"] | {"name": stage}
        objects.append({"apiVersion": "batch/v1", "kind": "Job"} | job | {"metadata": metadata})
    path = tmp_path_factory.mktemp("scan") / "release.yaml"
    path.write_text(yaml.safe_dump_all(objects), encoding="utf-8")
    return path


def failed(reports: Any) -> Iterator[tuple[str, str]]:
    """Yield the id and the kind of object of each failed check of checkov."""
    for report in reports if isinstance(reports, list) else [reports]:
        for each in report["results"]["failed_checks"]:
            kind, _, rest = each["resource"].lstrip("/").partition(".")
            yield each["check_id"], kind if rest else "Dockerfile"


def unexplained(found: set[tuple[str, str]], reasons: dict[tuple[str, str], str]) -> set[str]:
    """Return what is found without a reason, and reasons that nothing needs."""
    known = {key for key in reasons if key[1] != "*"}
    any_kind = {check for check, kind in reasons if kind == "*"}
    left = {key for key in found - known if key[0] not in any_kind}
    unused = {*(known - found), *((check, "*") for check in any_kind - {key[0] for key in found})}
    return {f"no reason: {key}" for key in left} | {f"not found: {key}" for key in unused}


def test_checkov_finds_nothing_without_a_reason(manifests: Path) -> None:
    """Objects and container image keep its rules, except where these make no sense here."""
    options = ("--compact", "--quiet", "--skip-download", "--output", "json")
    reports = [
        run("checkov", "--framework", "kubernetes", "--file", str(manifests), *options),
        run("checkov", "--framework", "dockerfile", "--file", "Dockerfile", *options),
    ]
    found = {each for report in reports for each in failed(report)}
    assert not unexplained(found, CHECKOV)


def test_zizmor_finds_nothing_without_a_reason() -> None:
    """Workflows run with our rights: no action can change, and no secret can leave."""
    found = run("zizmor", "--offline", "--no-exit-codes", "--format=json", ".github/workflows")
    assert {each["ident"] for each in found} == ZIZMOR.keys()


def test_kube_score_finds_nothing_without_a_reason(manifests: Path) -> None:
    """It knows other rules than checkov, such as those of NetworkPolicies and budgets."""
    scored = run("kube-score", "score", "--output-format", "json", str(manifests))
    found = {
        (each["check"]["id"], item["type_meta"]["kind"])
        for item in scored
        for each in item["checks"]
        if each["grade"] < 7 and not each["skipped"]
    }
    assert not unexplained(found, KUBE_SCORE)
