"""What an experiment takes from registries: refused by every command before anything is written."""

from collections.abc import Callable
from pathlib import Path

import pytest

from job.config import loading
from job.driver import drive
from job.errors import ConfigError
from job.progress import parse_status
from job.storage.memory import MemoryStore
from tests.conftest import AlJob
from tests.unit.test_driver import Laptop

WRONG = {
    "detector": ("backbone: scratch", "backbone: scratch, model: ssd_vgg", "unknown 'ssd_vgg'"),
    "annotator": (
        "rounds: 3",
        "rounds: 3\nannotation: {annotator: oracel}",
        "annotation.annotator: unknown 'oracel'; did you mean 'oracle'?",
    ),
    "arms": ("{strategy: random}", "{strategy: randon}", "did you mean 'random'?"),
    "report sections": ("", "", "report section: 'bad' of bad cannot be imported: "),
}


@pytest.fixture(params=WRONG)
def wrong(
    request: pytest.FixtureRequest, tiny: str, install_plugin: Callable[..., None]
) -> tuple[str, str, str]:
    """What is wrong, an experiment in which it is, and the words of the answer."""
    old, new, words = WRONG[request.param]
    if request.param == "report sections":
        install_plugin("bad", "", "al_voc.report_sections", "bad = bad:Missing")
    assert old in tiny
    return request.param, tiny.replace(old, new), words


@pytest.mark.parametrize("command", ["init", "run"])
def test_a_wrong_name_is_refused_before_anything_is_written(
    al_job: AlJob, tmp_path: Path, wrong: tuple[str, str, str], command: str
) -> None:
    """One line and exit code 78, and the store is not even created."""
    _, text, words = wrong
    (tmp_path / "tiny.yaml").write_text(text)
    ended = al_job(command, tmp_path / "tiny.yaml", "--store", tmp_path / "state")
    assert ended.code == 78
    assert words in ended.error
    assert not (tmp_path / "state").exists()


def test_doctor_finds_a_wrong_name(
    al_job: AlJob,
    free_gib: Callable[[float], None],
    tmp_path: Path,
    wrong: tuple[str, str, str],
) -> None:
    """Under the name of what is wrong, and nothing else is."""
    free_gib(100)
    kind, text, words = wrong
    (tmp_path / "tiny.yaml").write_text(text)
    ended = al_job("doctor", tmp_path / "tiny.yaml", "--store", tmp_path / "state")
    assert ended.code == 78
    [line] = [line for line in ended.out.splitlines() if line.startswith("FAIL")]
    assert line.startswith(f"FAIL {kind}: ")
    assert words in line


def test_a_driver_publishes_that_it_failed_and_waits_for_no_ingest(
    wrong: tuple[str, str, str],
) -> None:
    """Who watches the release reads why, though there may be no plan."""
    _, text, words = wrong
    platform, store = Laptop(waits=1), MemoryStore()
    with pytest.raises(ConfigError):
        drive(store, loading.parse(text, "tiny"), platform)
    assert platform.waits == 1
    assert platform.phases == ["failed"]
    status = parse_status(platform.statuses[-1])
    assert status.driver is not None
    assert words in status.driver.message
    assert list(store.list("experiments/")) == ["experiments/tiny/status.json"]
