"""The container image of `make image` or of AL_IMAGE: what it does and what it needs."""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest

IMAGE = os.environ.get("AL_IMAGE", "al-job")
DOCKER = shutil.which("docker")
RESTRICTED = (
    *("--user", "12345", "--read-only", "--tmpfs", "/tmp"),  # noqa: S108 - the container's own
    *("--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--network", "none"),
)
TEMPORARY, USAGE = 75, 64
MAX_BYTES = 425e6
WITHOUT_COMPILED_FILE = """
import importlib.util, os, pathlib, sysconfig
folder = pathlib.Path(sysconfig.get_path("purelib"))
sources = [*map(str, folder.rglob("*.py")), os.__file__]
assert len(sources) > 1000
print([f for f in sources if not os.path.exists(importlib.util.cache_from_source(f))])
"""

SLIM_EXPERIMENT = """
experiment: slim
dataset: {name: shapes}
rounds: 2
budget: {initial: 10, per_round: 5}
cold_start: {strategy: random}
arms: {random: {strategy: random}}
detector: {backbone: scratch, size: 64, width: 0.25}
"""


def docker(*arguments: str, timeout: float = 120) -> subprocess.CompletedProcess[str]:
    assert DOCKER
    command = [DOCKER, *arguments]
    return subprocess.run(  # noqa: S603 - docker, with arguments of these tests
        command, check=False, capture_output=True, text=True, timeout=timeout
    )


@pytest.fixture(scope="module", autouse=True)
def image() -> None:
    if DOCKER is None:
        pytest.skip("docker is not installed")
    found = docker("image", "inspect", IMAGE)
    if found.returncode:
        pytest.skip(f"{IMAGE}: {found.stderr.strip()}; `make image` builds it")


@dataclass(frozen=True)
class Mounts:
    """A store and a configuration for a container, as options of docker run."""

    state: Path
    options: tuple[str, ...]


@pytest.fixture
def mounts(tmp_path: Path) -> Callable[[str], Mounts]:
    def make(config: str) -> Mounts:
        state, file = tmp_path / "state", tmp_path / "config.yaml"
        state.mkdir()
        state.chmod(0o777)  # whatever user the container has
        file.write_text(config)
        return Mounts(state, ("-v", f"{state}:/state", "-v", f"{file}:/config.yaml:ro"))

    return make


@pytest.fixture
def name() -> Iterator[str]:
    """A container's name; the container is removed afterwards."""
    chosen = f"al-job-test-{uuid4().hex[:8]}"
    yield chosen
    docker("rm", "--force", chosen)


@pytest.mark.e2e
def test_without_a_command_it_prints_help() -> None:
    """The image alone tells what it can do."""
    ended = docker("run", "--rm", *RESTRICTED, IMAGE)
    assert ended.returncode == 0
    assert "annotate" in ended.stdout


@pytest.mark.e2e
@pytest.mark.parametrize("options", [(), RESTRICTED], ids=["plain", "restricted"])
def test_a_stage_without_an_experiment_is_one_clear_line(options: tuple[str, ...]) -> None:
    """On an empty store a stage says what is missing and ends as a usage error does."""
    ended = docker("run", "--rm", *options, IMAGE, "score", "--round", "3")
    assert ended.returncode == USAGE
    assert ended.stderr.count("\n") == 1
    assert "file:///state holds no experiment" in ended.stderr


@pytest.mark.e2e
def test_an_experiment_runs_with_next_to_no_rights(
    tiny: str, mounts: Callable[[str], Mounts]
) -> None:
    """Any user, a read-only root, no capability and no network are enough to fill /state."""
    made = mounts(tiny)
    ran = docker("run", "--rm", *RESTRICTED, *made.options, IMAGE, "run", "/config.yaml")
    assert ran.returncode == 0, ran.stderr
    results = (made.state / "experiments/tiny/results.csv").read_text()
    assert len(results.splitlines()) == 1 + 2 * 3  # a heading; two arms of three rounds
    stage = ("score", "--round", "1", "--arm", "brust")
    again = docker("run", "--rm", *RESTRICTED, *made.options, IMAGE, *stage)
    assert again.returncode == 0
    assert "stage.skip" in again.stderr


@pytest.mark.e2e
def test_docker_stop_saves_and_asks_to_be_retried(
    tiny: str, mounts: Callable[[str], Mounts], name: str
) -> None:
    """On SIGTERM a training writes a checkpoint and no marker, and ends as interrupted."""
    config = tiny.replace("steps: 4", "steps: 1000000").replace("every_steps: 2", "every_steps: 50")
    made = mounts(config)
    run = ("run", "--detach", "--name", name, *RESTRICTED, *made.options, IMAGE)
    docker(*run, "run", "/config.yaml")
    train = made.state / "experiments/tiny/seed-0/round-000/train"
    deadline = time.monotonic() + 60
    while not any(train.glob("checkpoint-*.safetensors")):
        assert time.monotonic() < deadline, docker("logs", name).stderr
        time.sleep(0.2)
    docker("stop", "--time", "30", name)
    state = json.loads(docker("inspect", "--format", "{{json .State}}", name).stdout)
    told = docker("logs", name).stderr
    assert state["ExitCode"] == TEMPORARY, told
    assert "training stopped at step" in told
    assert {path.name.split("-")[0] for path in train.iterdir()} == {"checkpoint"}


@pytest.mark.e2e
def test_it_says_what_it_is() -> None:
    """It has a numeric user other than root, tini for signals, and the labels of its version."""
    config = json.loads(docker("image", "inspect", "--format", "{{json .Config}}", IMAGE).stdout)
    assert config["User"] == "65532:0"
    assert config["Entrypoint"] == ["tini", "--", "al-job"]
    for label in ("version", "revision", "licenses"):
        assert config["Labels"][f"org.opencontainers.image.{label}"]


@pytest.mark.e2e
def test_everything_is_compiled() -> None:
    """A read-only root cannot take compiled files, and without them a start takes seconds."""
    python = ("run", "--rm", "--entrypoint", "python", IMAGE)
    assert docker(*python, "-c", WITHOUT_COMPILED_FILE).stdout.strip() == "[]"


@pytest.mark.e2e
def test_all_but_torch_is_small() -> None:
    """The layers of the package and of its libraries, torch's own left out, are under 425 MB."""
    history = docker("history", "--human=false", "--format", "{{.Size}} {{.CreatedBy}}", IMAGE)
    layers = {
        line.split(" ", 2)[2].split(" #")[0]: int(line.split(" ")[0])
        for line in history.stdout.splitlines()
        if " COPY " in line
    }
    assert layers.pop("/torch /") > 0
    assert set(layers) >= {"/opt/al-job /opt/al-job", "/code /"}
    assert sum(layers.values()) < MAX_BYTES


@pytest.mark.e2e
def test_the_slim_image_selects_and_says_what_it_lacks(mounts: Callable[[str], Mounts]) -> None:
    """It has no torch: a selection at random runs, and a training is refused in one line."""
    slim = os.environ.get("AL_SLIM", f"{IMAGE}-slim")
    if docker("image", "inspect", slim).returncode:
        pytest.skip(f"{slim} is not there; `make image-slim` builds it")
    options = mounts(SLIM_EXPERIMENT).options

    def run(*command: str) -> subprocess.CompletedProcess[str]:
        return docker("run", "--rm", *RESTRICTED, *options, slim, *command)

    drawn = ("--num-pool", "20", "--num-test", "5", "--size", "64")
    for command in (
        ("ingest", "synthetic", "--name", "shapes", *drawn),
        ("init", "/config.yaml"),
        ("select", "--round", "0"),
        ("annotate", "--round", "0"),
    ):
        ended = run(*command)
        assert ended.returncode == 0, ended.stderr
    refused = run("train", "--round", "0")
    assert refused.returncode == 78
    assert "the slim container image leaves it out" in refused.stderr.splitlines()[-1]
