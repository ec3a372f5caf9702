"""launch.yaml is read as the chart writes it, and every mistake is named."""

from importlib.metadata import version
from pathlib import Path

import pytest
import yaml

from job.errors import ConfigError
from job.launch.kubernetes.settings import LaunchConfig, load_launch, parse_launch


def _text(launch: LaunchConfig) -> str:
    return yaml.safe_dump(launch.model_dump(mode="json", by_alias=True))


def test_it_is_read_as_a_file_and_as_a_config_map(launch: LaunchConfig, tmp_path: Path) -> None:
    """`helm template` prints a ConfigMap, and a pod has its file mounted."""
    path = tmp_path / "launch.yaml"
    path.write_text(_text(launch))
    assert load_launch(path) == launch
    holds = {"kind": "ConfigMap", "data": {"launch.yaml": _text(launch)}}
    status = {"kind": "ConfigMap", "metadata": {"name": "al-voc-status"}}
    for documents in ([holds], [holds, status], [status, holds]):
        path.write_text(yaml.safe_dump_all(documents))
        assert load_launch(path) == launch


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"maxParalel": 3}, "maxParalel: unknown key"),
        ({"maxParallel": 0}, "maxParallel: input should be greater than 0"),
        ({"templates": {}}, "templates: select, annotate, train, evaluate, score, report missing"),
        ({"release": "Not_A_Name"}, "release: string should match pattern"),
    ],
)
def test_a_mistake_is_named(launch: LaunchConfig, change: dict[str, object], expected: str) -> None:
    """One line names the file, the key and what is wrong."""
    content = launch.model_dump(mode="json", by_alias=True) | change
    with pytest.raises(ConfigError, match="here") as error:
        parse_launch(yaml.safe_dump(content), "here")
    assert expected in str(error.value)


def test_what_is_no_launch_file_is_refused(tmp_path: Path) -> None:
    """A missing file, a file that is not YAML, and another file have messages of their own."""
    with pytest.raises(ConfigError, match="cannot be read"):
        load_launch(tmp_path / "none.yaml")
    with pytest.raises(ConfigError, match="not YAML"):
        parse_launch("{", "here")
    with pytest.raises(ConfigError, match=r"expected launch\.yaml"):
        parse_launch("kind: ConfigMap", "here")


@pytest.mark.parametrize("change", [{}, {"templates": {}}, {"report": 1}])
def test_a_chart_of_another_version_is_refused(
    launch: LaunchConfig, change: dict[str, object]
) -> None:
    """Whatever else is wrong, or right: the line says how to see both versions."""
    content = launch.model_dump(mode="json", by_alias=True) | {"version": "99.1.0"} | change
    with pytest.raises(ConfigError) as error:
        parse_launch(yaml.safe_dump(content), "here")
    words = str(error.value)
    assert words.startswith(
        f"here: the chart is of version 99.1.0, and this al-job of {version('al-voc')}: both"
    )
    assert "helm list" in words
    assert "al-job --version" in words


def test_a_chart_of_this_version_is_read(launch: LaunchConfig) -> None:
    """And so is a file that does not say its version, if nothing is wrong with it."""
    for told in (version("al-voc"), ""):
        content = launch.model_dump(mode="json", by_alias=True) | {"version": told}
        assert parse_launch(yaml.safe_dump(content), "here").templates == launch.templates


def test_a_chart_that_does_not_say_its_version_may_be_an_older_one(launch: LaunchConfig) -> None:
    """So what is wrong with its settings is followed by how to see both versions."""
    content = launch.model_dump(mode="json", by_alias=True, exclude={"version"})
    del content["templates"]["report"]
    with pytest.raises(ConfigError, match=r"templates: report missing \(this al-job .*helm list"):
        parse_launch(yaml.safe_dump(content), "here")
