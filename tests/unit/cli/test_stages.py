"""The commands of stages: what is left out is found or asked for."""

import json
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from job import experiment
from job.artifacts.markers import Markers
from job.config import loading
from job.keys import RoundRef
from job.plan import Plan
from job.storage.local import LocalStore
from tests.conftest import AlJob
from tests.unit.launch.people import LINK, Passes, asking

AL_JOB = Path(sysconfig.get_path("scripts")) / "al-job"


def test_a_training_joins_others_at_a_whole_place_only(
    al_job: AlJob, begun: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If some of the variables are missing, it ends with 78 and names them; no other stage asks."""
    for name in ("RANK", "WORLD_SIZE"):
        monkeypatch.setenv(name, "1")
    ended = al_job("train", "--round", 0, "--store", begun)
    assert ended.code == 78
    assert "without LOCAL_RANK, MASTER_ADDR, MASTER_PORT: set all five" in ended.error
    assert al_job("select", "--round", 0, "--store", begun).code == 0


@pytest.mark.parametrize("stage", ["select", "annotate", "train", "evaluate", "score"])
def test_an_empty_store_says_how_to_begin(al_job: AlJob, store: Path, stage: str) -> None:
    """Without an experiment, a stage ends with 64 and the command that makes one."""
    ended = al_job(stage, "--round", 3, "--store", store)
    assert ended.code == 64
    assert "holds no experiment: `al-job run CONFIG`" in ended.error


def test_the_only_experiment_and_seed_are_meant(al_job: AlJob, begun: Path) -> None:
    """What is left out and is the only choice in the store is taken; round 0 needs no arm."""
    ended = al_job("select", "--round", 0, "--store", begun)
    assert ended.code == 0
    assert (begun / "experiments/tiny/seed-0/round-000/select/done.json").is_file()


def test_an_arm_left_out_is_asked_for(al_job: AlJob, begun: Path) -> None:
    """Where there are several arms, the error lists them and says how to choose."""
    ended = al_job("select", "--round", 1, "--store", begun)
    assert ended.code == 64
    assert "which arm? Give --arm or set AL_ARM (known: brust, random)" in ended.error


def test_the_environment_names_what_is_left_out(
    al_job: AlJob, begun: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AL_STORE, AL_EXPERIMENT, AL_ARM and AL_SEED stand for the options."""
    for name, value in (("STORE", begun), ("EXPERIMENT", "tiny"), ("ARM", "brust"), ("SEED", "0")):
        monkeypatch.setenv(f"AL_{name}", str(value))
    ended = al_job("select", "--round", 1)
    assert ended.code == 64
    assert "round 0 select is not done yet" in ended.error


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--experiment", "other"], "no experiment 'other'; known: tiny"),
        (["--arm", "burst"], "--arm: unknown 'burst'; did you mean 'brust'? known: brust, random"),
        (["--seed", "7"], "--seed: unknown '7'; known: 0"),
        (["--arm", "brust", "--round", "9"], "tiny has rounds 0 to 2"),
    ],
)
def test_an_unknown_name_is_answered_with_the_known_ones(
    al_job: AlJob, begun: Path, arguments: list[str], words: str
) -> None:
    """A name that is not there ends with 64 and the names that are."""
    ended = al_job("train", "--round", 1, "--store", begun, *arguments)
    assert ended.code == 64
    assert words in ended.error


def test_annotate_sim_means_the_oracle(al_job: AlJob, store: Path, tiny: str) -> None:
    """Whoever annotates by the configuration: the stage is done, and the list leaves it out."""
    config = loading.parse(f"{tiny}annotation: {{annotator: files}}\n", "tiny")
    plan = experiment.init(LocalStore(store), Plan(config))
    al_job("select", "--round", 0, "--store", store)
    assert al_job("annotate-sim", "--round", 0, "--store", store).code == 0
    annotate = RoundRef("tiny", 0, None, 0).stage("annotate")
    assert Markers(LocalStore(store)).is_done(annotate, plan.config)
    assert "annotate-sim" not in al_job().out


@pytest.mark.parametrize("waits", [False, True])
def test_annotate_ends_or_stays_while_people_label(
    al_job: AlJob, store: Path, tiny: str, monkeypatch: pytest.MonkeyPatch, *, waits: bool
) -> None:
    """It ends with 75 and says how many are left; with --wait it is done in the end."""
    experiment.init(LocalStore(store), Plan(asking(tiny)))
    annotate = RoundRef("tiny", 0, None, 0).stage("annotate")
    passes = Passes({annotate: [6, 2]})
    passes.install(monkeypatch, "job.launch.people", "job.experiment")
    ended = al_job("annotate", "--round", 0, "--store", store, *(["--wait"] if waits else []))
    assert ended.code == (0 if waits else 75)
    assert (f"al-job: 6 of 6 to go: {LINK}" in ended.err) != waits
    assert [now for now, _ in passes.made] == ([0, 60, 120] if waits else [0])


@pytest.mark.parametrize("partition", ["3/3", "1", "a/b", "-1/2"])
def test_a_wrong_partition_is_refused(al_job: AlJob, begun: Path, partition: str) -> None:
    """A partition is i/n with i below n."""
    ended = al_job("score", "--round", 0, "--store", begun, f"--partition={partition}")
    assert ended.code == 64
    assert "expected i/n" in ended.error


def test_a_stage_that_is_done_is_skipped(al_job: AlJob, begun: Path) -> None:
    """Running a finished stage again leaves it as it is."""
    marker = begun / "experiments/tiny/seed-0/round-000/select/done.json"
    al_job("select", "--round", 0, "--store", begun)
    before = marker.stat().st_mtime_ns
    assert al_job("select", "--round", 0, "--store", begun).code == 0
    assert marker.stat().st_mtime_ns == before


def test_select_starts_without_torch(begun: Path) -> None:
    """Selecting does not wait for torch to be imported, nor for what only other stages need."""
    code = (
        "import sys; from job.cli.main import main\n"
        f"sys.argv = ['al-job', 'select', '--round', '0', '--store', {str(begun)!r}]\n"
        "try: main()\n"
        "except SystemExit as end: assert not end.code\n"
        "assert not {'torch', 'torchvision', 'boto3', 'matplotlib'} & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)  # noqa: S603


def test_log_lines_are_json_without_a_terminal(begun: Path) -> None:
    """If standard error is not a terminal, every line of a stage's log is JSON."""
    command = [str(AL_JOB), "select", "--round", "0", "--store", str(begun)]
    ended = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603
    events = [json.loads(line) for line in ended.stderr.splitlines()]
    assert [event["event"] for event in events] == ["stage.begin", "stage.done"]
    assert events[-1]["picked"] == 6
    assert {"seed", "round", "seconds", "timestamp"} <= events[-1].keys()


@pytest.mark.slow
def test_the_first_stage_that_is_missing_is_named(
    al_job: AlJob, store: Path, tiny: str, tmp_path: Path
) -> None:
    """With its store, so that the command can be pasted; each command leads to the next one."""
    path = tmp_path / "tiny.yaml"
    path.write_text(tiny.replace("rounds: 3", "rounds: 2"))
    assert al_job("init", path, "--store", store).code == 0
    ended = al_job("train", "--round", 1, "--arm", "brust", "--store", store)
    commands: list[str] = []
    while ended.code == 64 and len(commands) < 20:
        assert "`" in ended.error
        commands.append(ended.error.split("`")[1])
        assert al_job(*commands[-1].split()[1:]).code == 0
        ended = al_job("train", "--round", 1, "--arm", "brust", "--store", store)
    assert ended.code == 0
    stages = [(words[1], words[3]) for words in map(str.split, commands)]
    assert stages == [
        *[("select", "0"), ("annotate", "0"), ("train", "0"), ("score", "0")],
        *[("select", "1"), ("annotate", "1")],
    ]
