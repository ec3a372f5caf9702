"""launch.yaml is read as the chart writes it, and every mistake is named."""

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
