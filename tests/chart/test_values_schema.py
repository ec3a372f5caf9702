"""The chart's values: each is in the schema and documented, and any other is refused."""

import importlib.util
import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from job.config.runtime import RuntimeConfig
from job.keys import STAGES

CHART = Path(__file__).parents[2] / "helm"
SCHEMA = json.loads((CHART / "values.schema.json").read_text(encoding="utf-8"))
VALUES = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))
VOLUMES = {"volume", "scratchVolume"}
FREE = {"global", "experiment", "affinity", "podSecurityContext", "dnsConfig", *VOLUMES}
"""Objects whose keys Helm, the package or Kubernetes checks."""
RENAMED = {"launch.scoreShards", "stages.annotate-sim"}
"""Values of an earlier version, which a template answers with the new name."""
OF_ONE_STAGE = {"stages.defaults.nodes"}
"""Values of all stages in the schema, which a template takes of one alone."""
OPTIONAL = {*STAGES, "gpu", "cpu", "resources", "resourcesPerGpu", "runtime"}
"""Sections whose keys all have a default elsewhere, or none."""
SECTIONS = [
    "",
    "image",
    "store",
    "store.serverSideEncryption",
    "store.caBundle",
    "store.embedded",
    "store.embedded.image",
    "store.embedded.persistence",
    "store.embedded.resources",
    "proxy",
    "serviceAccount",
    "serviceAccount.driver",
    "rbac",
    "launch",
    "stages.defaults",
    "stages.defaults.resources",
    "stages.defaults.runtime",
    "stages.gpu",
    "cache",
    "stages.score",
    "ingest",
    "ingest.pod",
    "driver",
    "driver.resources",
    "ui",
    "ui.resources",
]


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    if reference := schema.get("$ref"):
        found: dict[str, Any] = SCHEMA["definitions"][reference.rsplit("/", 1)[1]]
        return found
    return schema


def sections(schema: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every object of the schema that has named keys, or should have."""
    yield path, schema
    for key, value in schema.get("properties", {}).items():
        inner = resolved(value)
        if inner.get("type") == "object" and key not in FREE:
            yield from sections(inner, f"{path}.{key}".strip("."))


def nested(path: str, value: object) -> Any:
    for key in reversed([key for key in path.split(".") if key]):
        value = {key: value}
    return value


def test_every_object_of_the_schema_is_closed() -> None:
    """Keys are named or all of one type, except in objects that somebody else checks."""
    for path, schema in sections(SCHEMA):
        others = schema["additionalProperties"]
        assert others is False or {"type", "anyOf"} & resolved(others).keys(), path


@pytest.mark.parametrize("section", SECTIONS)
def test_an_unknown_key_is_refused(refuse: Any, section: str) -> None:
    """A typo is an error that names the key, and not a setting without effect."""
    message = refuse(nested(section, {"nodeselector": "x"}))
    assert "nodeselector" in message


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("image.pullPolicy", "Sometimes"),
        ("image.digest", "abc"),
        ("store.url", "https://bucket"),
        ("store.url", "ftp://bucket"),
        ("store.endpoint", "s3.example:9000"),
        ("launch.maxParallel", 0),
        ("launch.scorePartitions", 1.5),
        ("launch.ttlSecondsAfterFinished", 0),
        ("launch.pollSeconds", 0),
        ("launch.pendingSeconds", 0),
        ("stages.train.scratchRequest", "much"),
        ("store.existingSecretKeys", {"accessKeyId": "a key"}),
        ("networkPolicy.egress.rules", {"to": []}),
        ("stages.train.gpus", -1),
        ("stages.train.runtime.threads", 0),
        ("stages.train.runtime.threads", "many"),
        ("stages.train.runtime.batch_size", "auto"),
        ("stages.train.gpuResource", "gpu"),
        ("stages.train.sharedMemory", "1 GB"),
        ("stages.train.extraEnv", {"A": "b"}),
        ("stages.train.scratch", "1.Gi"),
        ("stages.train.extraEnv", [{"value": "nameless"}]),
        ("stages.train.jobLabels", {"a": 1}),
        ("driver.podLabels", {"a": 1}),
        ("commonLabels", {"a": 1}),
        ("fullnameOverride", "a.b"),
        ("fullnameOverride", "a" * 31),
        ("podSecurityContext", {"runAsUser": 0}),
        ("store.embedded.podSecurityContext", {"runAsUser": 0}),
        ("podSecurityContext", {"seccompProfile": {"type": "Unconfined"}}),
        ("ingest.args", "synthetic --name x"),
    ],
)
def test_a_wrong_value_is_refused(refuse: Any, path: str, value: Any) -> None:
    """A value of a wrong type or range is an error that says where it is."""
    assert path.rsplit(".", maxsplit=1)[-1] in refuse(nested(path, value))


def test_an_endpoint_is_that_of_a_bucket(refuse: Any) -> None:
    """The release's own store has its own endpoint, so an endpoint alone would have no effect."""
    assert "/store/url" in refuse({"store": {"endpoint": "https://s3.example"}})


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("launch.scoreShards", "launch.scorePartitions"),
        ("stages.annotate-sim", "stages.annotate"),
    ],
)
def test_an_old_name_is_answered_with_the_new_one(refuse: Any, old: str, new: str) -> None:
    """A values file of an earlier version is answered with one line that says what to rename."""
    value = 2 if old.startswith("launch") else {"gpus": 0}
    assert f"{old} is now called {new}: rename it in your values" in refuse(nested(old, value))


def test_an_unknown_stage_is_answered_with_the_known_ones(refuse: Any) -> None:
    """A typo is an error, and the chart has the stages of the package."""
    message = refuse({"stages": {"trian": {"gpus": 1}}})
    assert f"stages.trian: no such stage; the stages are {', '.join(STAGES)}" in message


def test_schema_and_defaults_have_the_same_keys() -> None:
    """Every value of the schema has a default, and every default is in the schema."""

    def compare(schema: dict[str, Any], values: dict[str, Any], path: str) -> None:
        left_out = RENAMED | OF_ONE_STAGE
        known = {key for key in schema["properties"] if f"{path}.{key}" not in left_out}
        extra = set(STAGES) if path == "stages" else set()  # a stage need not have a default
        assert known == values.keys() - extra, path
        for key, value in values.items():
            inner = resolved(schema["properties"].get(key, {}))
            if (
                isinstance(value, dict)
                and "properties" in inner
                and key not in {"pod", *OPTIONAL, *FREE}
            ):
                compare(inner, value, f"{path}.{key}".strip("."))

    compare(SCHEMA, VALUES, "")


def test_runtime_settings_are_the_package_s() -> None:
    """A stage takes every setting of `runtime`, except the one that only `al-job run` reads."""
    runtime = SCHEMA["definitions"]["runtime"]["properties"].keys()
    assert runtime == RuntimeConfig.model_fields.keys() - {"image_cache_mb"}


@pytest.fixture
def script() -> Any:
    """The script that writes the README."""
    spec = importlib.util.spec_from_file_location("make_readme", CHART / "make_readme.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_readme_is_current(script: Any) -> None:
    """README.md is what `make docs` makes of values.yaml, in which every value has a comment."""
    assert (CHART / "README.md").read_text(encoding="utf-8") == script.make_readme()


def test_a_value_without_a_comment_is_noticed(
    script: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new value cannot be left undocumented."""
    path = tmp_path / "values.yaml"
    path.write_text("a:\n  # Said.\n  b: 1\n  c: 2\n", encoding="utf-8")
    monkeypatch.setattr(script, "VALUES", path)
    with pytest.raises(ValueError, match=r"values.yaml: a.c has no comment"):
        script.make_readme()


def test_chart_says_which_kubernetes_it_needs() -> None:
    """The chart needs `podFailurePolicy`, which Kubernetes has since 1.31."""
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text(encoding="utf-8"))
    assert chart["kubeVersion"] == ">=1.31.0-0"


def test_version_of_the_app_is_the_package_s() -> None:
    """The chart runs the container image of the package in this repository."""
    project = tomllib.loads((CHART.parent / "pyproject.toml").read_text(encoding="utf-8"))
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text(encoding="utf-8"))
    assert chart["appVersion"] == project["project"]["version"]
