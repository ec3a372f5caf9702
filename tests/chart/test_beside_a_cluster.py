"""What helm asks the cluster when it renders: the secret of the store, and the driver's rights."""

import base64
import json
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

CHART = Path(__file__).parents[2] / "helm"
SECRETS = "/api/v1/namespaces/ns/secrets"
ROLES = "/apis/rbac.authorization.k8s.io/v1/namespaces/ns/roles"
LIST = {"kind": "SecretList", "apiVersion": "v1", "metadata": {}, "items": []}
KINDS = {
    "v1": ["ConfigMap", "Pod", "Secret", "Service", "ServiceAccount"],
    "apps/v1": ["Deployment"],
    "batch/v1": ["Job"],
    "networking.k8s.io/v1": ["NetworkPolicy"],
    "policy/v1": ["PodDisruptionBudget"],
    "rbac.authorization.k8s.io/v1": ["Role", "RoleBinding"],
}
"""What the chart has, by group and version."""


def discovery() -> dict[str, dict[str, Any]]:
    """Return what a cluster answers to the question which kinds it knows."""
    groups = []
    answers: dict[str, dict[str, Any]] = {
        "/version": {"major": "1", "minor": "34", "gitVersion": "v1.34.0"},
        "/api": {"kind": "APIVersions", "versions": ["v1"]},
    }
    for group_version, kinds in KINDS.items():
        group, _, version = group_version.rpartition("/")
        resources = [
            {"name": plural(kind), "kind": kind, "namespaced": True, "verbs": ["get", "list"]}
            for kind in kinds
        ]
        answers[f"/apis/{group_version}" if group else "/api/v1"] = {
            "kind": "APIResourceList",
            "groupVersion": group_version,
            "resources": resources,
        }
        if group:
            preferred = {"groupVersion": group_version, "version": version}
            groups.append({"name": group, "versions": [preferred], "preferredVersion": preferred})
    answers["/apis"] = {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}
    return answers


def plural(kind: str) -> str:
    return kind.lower().removesuffix("y") + ("ies" if kind.endswith("y") else "s")


class Api(ThreadingHTTPServer):
    """An API server that has what it was given."""

    answers: dict[str, dict[str, Any]]


class Handler(BaseHTTPRequestHandler):
    """Answers GET."""

    server: Api

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        missing = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "NotFound"}
        content = self.server.answers.get(path, missing | {"code": 404})
        body = json.dumps(content).encode()
        self.send_response(200 if path in self.server.answers else 404)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def api() -> Iterator[Api]:
    """A cluster without objects."""
    with Api(("127.0.0.1", 0), Handler) as server:
        server.answers = discovery() | {SECRETS: LIST}
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def installed(api: Api, folder: Path, kind: str) -> dict[str, Any]:
    """Return the object of a kind of a release that is installed on this cluster."""
    program = shutil.which("helm")
    if not program:
        pytest.skip("helm is not installed")
    context = {"name": "c", "context": {"cluster": "c", "user": "u"}}
    cluster = {"name": "c", "cluster": {"server": f"http://127.0.0.1:{api.server_port}"}}
    config = {"apiVersion": "v1", "kind": "Config", "current-context": "c"}
    config |= {"contexts": [context], "clusters": [cluster], "users": [{"name": "u"}]}  # type: ignore[dict-item]
    (folder / "config").write_text(json.dumps(config))
    options = ("-n", "ns", "--dry-run=server", "--disable-openapi-validation")
    ended = subprocess.run(  # noqa: S603 - arguments are the test's own
        [program, "template", "al-voc", str(CHART), *options],
        env={**os.environ, "KUBECONFIG": str(folder / "config"), "HOME": str(folder)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    [found] = [d for d in yaml.safe_load_all(ended.stdout) if d and d["kind"] == kind]
    return dict(found)


def secret_of(api: Api, folder: Path) -> str:
    data = installed(api, folder, "Secret")["data"]
    return base64.b64decode(data["AWS_SECRET_ACCESS_KEY"]).decode()


def owned(name: str) -> dict[str, Any]:
    """Return the metadata of an object of this release."""
    owner = {"meta.helm.sh/release-name": "al-voc", "meta.helm.sh/release-namespace": "ns"}
    labels = {"app.kubernetes.io/managed-by": "Helm"}
    return {"name": name, "annotations": owner, "labels": labels}


def test_a_new_release_has_a_random_secret(api: Api, tmp_path: Path) -> None:
    """Nobody can work it out: two installs of one name have different ones."""
    first, second = secret_of(api, tmp_path), secret_of(api, tmp_path)
    assert len(first) == len(second) == 40
    assert first != second


def test_an_upgrade_keeps_the_secret(api: Api, tmp_path: Path) -> None:
    """The store and the stages that run know no other."""
    data = {"AWS_SECRET_ACCESS_KEY": base64.b64encode(b"what there is").decode()}
    kept = {"apiVersion": "v1", "kind": "Secret", "metadata": owned("al-voc-store"), "data": data}
    api.answers[f"{SECRETS}/al-voc-store"] = kept
    assert secret_of(api, tmp_path) == "what there is"


@pytest.mark.parametrize(("had", "verbs"), [(["jobsets"], ["list", "delete"]), (["jobs"], None)])
def test_a_driver_that_made_job_sets_may_remove_them(
    api: Api, tmp_path: Path, had: list[str], verbs: list[str] | None
) -> None:
    """Its Role had the right before `stages.train.nodes` went back to 1, and keeps that much."""
    role: dict[str, Any] = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role"}
    role |= {"metadata": owned("al-voc-driver"), "rules": [{"resources": had}]}
    api.answers[f"{ROLES}/al-voc-driver"] = role
    rules = installed(api, tmp_path, "Role")["rules"]
    assert {each["resources"][0]: each["verbs"] for each in rules}.get("jobsets") == verbs
