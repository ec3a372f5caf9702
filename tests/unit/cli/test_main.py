"""The command line: what is left out is found or asked for, and each failure has its exit code."""

import json
import os
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from job import experiment
from job.config import loading
from job.plan import Plan
from job.storage.local import LocalStore

Run = Callable[..., Any]
AL_JOB = Path(sysconfig.get_path("scripts")) / "al-job"


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """An empty store."""
    return tmp_path / "state"


@pytest.fixture
def begun(store: Path, tiny: str) -> Path:
    """A store in which one experiment of two arms has begun."""
    experiment.init(LocalStore(store), Plan(loading.parse(tiny, "tiny")))
    return store


def one_line(text: str) -> str:
    """The one line that tells a user what is wrong."""
    lines = [line for line in text.splitlines() if line.startswith("al-job: ")]
    assert len(lines) == 1, text
    assert "Traceback" not in text
    return lines[0]


@pytest.mark.parametrize("stage", ["select", "annotate", "train", "evaluate", "score"])
def test_an_empty_store_says_how_to_begin(al_job: Run, store: Path, stage: str) -> None:
    """Without an experiment, a stage ends with 64 and the command that makes one."""
    ended = al_job(stage, "--round", 3, "--store", store)
    assert ended.code == 64
    assert "holds no experiment: `al-job run CONFIG`" in one_line(ended.err)


def test_the_only_experiment_and_seed_are_meant(al_job: Run, begun: Path) -> None:
    """What is left out and is the only choice in the store is taken; round 0 needs no arm."""
    ended = al_job("select", "--round", 0, "--store", begun)
    assert ended.code == 0
    assert (begun / "experiments/tiny/seed-0/round-000/select/done.json").is_file()


def test_an_arm_left_out_is_asked_for(al_job: Run, begun: Path) -> None:
    """Where there are several arms, the error lists them and says how to choose."""
    ended = al_job("select", "--round", 1, "--store", begun)
    assert ended.code == 64
    assert "which arm? Say --arm or set AL_ARM (known: brust, random)" in one_line(ended.err)


def test_the_environment_names_what_is_left_out(
    al_job: Run, begun: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AL_STORE, AL_EXPERIMENT, AL_ARM and AL_SEED stand for the options."""
    for name, value in (("STORE", begun), ("EXPERIMENT", "tiny"), ("ARM", "brust"), ("SEED", "0")):
        monkeypatch.setenv(f"AL_{name}", str(value))
    ended = al_job("select", "--round", 1)
    assert ended.code == 64
    assert "round 0 select is not done yet" in one_line(ended.err)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--experiment", "other"], "no experiment of that name: unknown 'other'; known: tiny"),
        (["--arm", "burst"], "--arm: unknown 'burst'; did you mean 'brust'? known: brust, random"),
        (["--seed", "7"], "--seed: unknown '7'; known: 0"),
        (["--arm", "brust", "--round", "9"], "tiny has rounds 0 to 2"),
    ],
)
def test_an_unknown_name_is_answered_with_the_known_ones(
    al_job: Run, begun: Path, arguments: list[str], words: str
) -> None:
    """A name that is not there ends with 64 and the names that are."""
    ended = al_job("train", "--round", 1, "--store", begun, *arguments)
    assert ended.code == 64
    assert words in one_line(ended.err)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["train"], "Missing option '--round'. See `al-job train --help`"),
        (["train", "--round", "x"], "Invalid value for '--round': "),
        (["train", "--rond", "1"], "No such option: --rond. Did you mean --round?"),
        (["statsu"], "No such command 'statsu'. Did you mean 'status'? See `al-job --help`"),
        (["ingest"], "Missing command. See `al-job ingest --help`"),
        (["ingest", "vok"], "unknown 'vok'; did you mean 'voc'? known: coco, synthetic, voc"),
        (["logs", "trian", "--round", "1"], "Invalid value for 'STAGE': 'trian' is not one of"),
    ],
)
def test_wrong_arguments_are_answered_in_one_line(
    al_job: Run, arguments: list[str], words: str
) -> None:
    """With 64, the closest name if one was mistyped, and where to read on."""
    ended = al_job(*arguments)
    assert ended.code == 64
    assert words in one_line(ended.err)
    assert len(ended.err.splitlines()) == 1


def test_a_mistyped_preset_is_answered_with_the_closest(al_job: Run, store: Path) -> None:
    """A preset is a setting, so the exit code is 78; nothing is written."""
    ended = al_job("run", "quickstrat", "--store", store)
    assert ended.code == 78
    assert "unknown 'quickstrat'; did you mean 'quickstart'?" in one_line(ended.err)
    assert not store.exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["begin", "quickstart"], "`al-job begin` was renamed: use `al-job init`"),
        (["score", "--round", "0", "--shard", "0/2"], "--shard was renamed: use --partition"),
        (["score", "--round", "0", "--shard=0/2"], "--shard was renamed: use --partition"),
        (["report", "--compare", "a,b"], "use the subcommand `al-job report compare`"),
        (["report", "--from-tutorial", "x"], "use the subcommand `al-job report tutorial`"),
    ],
)
def test_old_names_are_answered_with_the_new_ones(
    al_job: Run, arguments: list[str], words: str
) -> None:
    """A command or option of an older version ends with 64 and its name of today."""
    ended = al_job(*arguments)
    assert ended.code == 64
    assert words in one_line(ended.err)


def test_an_old_name_may_be_a_name(al_job: Run, store: Path) -> None:
    """An experiment may be called as an old command was."""
    assert "unknown 'begin'" in one_line(
        al_job("status", "--experiment", "begin", "--store", store).err
    )


def test_annotate_sim_is_annotate(al_job: Run, begun: Path) -> None:
    """The old name of the stage does the same, and the list of commands leaves it out."""
    al_job("select", "--round", 0, "--store", begun)
    assert al_job("annotate-sim", "--round", 0, "--store", begun).code == 0
    assert (begun / "experiments/tiny/seed-0/round-000/annotate/done.json").is_file()
    assert "annotate-sim" not in al_job().out


def test_the_version_is_the_package_s(al_job: Run) -> None:
    """`--version` prints what pyproject.toml says, and ends with 0."""
    ended = al_job("--version")
    assert (ended.code, ended.out) == (0, f"al-job {version('al-voc')}\n")


def test_the_module_is_the_command() -> None:
    """`python -m job` is `al-job`."""
    command = [sys.executable, "-m", "job", "--version"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    assert done.stdout == f"al-job {version('al-voc')}\n"


def test_options_follow_the_subcommand(al_job: Run, begun: Path) -> None:
    """An option of `report` that its subcommand would not see is refused."""
    ended = al_job("report", "--store", begun, "compare", "a", "b")
    assert ended.code == 64
    assert "--store: options follow 'compare'" in one_line(ended.err)


@pytest.mark.parametrize("partition", ["3/3", "1", "a/b", "-1/2"])
def test_a_wrong_partition_is_refused(al_job: Run, begun: Path, partition: str) -> None:
    """A partition is i/n with i below n."""
    ended = al_job("score", "--round", 0, "--store", begun, f"--partition={partition}")
    assert ended.code == 64
    assert "expected i/n" in one_line(ended.err)


def test_help_is_shown_without_arguments(al_job: Run) -> None:
    """`al-job` alone lists the commands."""
    ended = al_job()
    assert ended.code == 0
    assert "annotate" in ended.out


@pytest.mark.parametrize(
    ("arguments", "environment"),
    [
        (["--help"], {}),
        (["--version"], {}),
        ([], {"_AL_JOB_COMPLETE": "complete_bash", "COMP_WORDS": "al-job sta", "COMP_CWORD": "1"}),
    ],
)
def test_commands_are_listed_without_importing_them(
    arguments: list[str], environment: dict[str, str]
) -> None:
    """Help, version and completion of names load nothing that only a command needs."""
    code = (
        "import sys, atexit; from job.cli.main import main\n"
        "atexit.register(lambda: print(*sys.modules, file=sys.stderr))\n"
        "main()"
    )
    done = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | environment,
    )
    heavy = {"numpy", "yaml", "pyarrow", "torch", "boto3", "kubernetes", "matplotlib"}
    loaded = set(done.stderr.split())
    assert not (heavy if environment else heavy | {"pydantic"}) & loaded
    assert not {name for name in loaded if name.startswith("job.cli.")} - {
        "job.cli.main",
        "job.cli.lazy_command",
    }
    assert ("status" in done.stdout) == ("--version" not in arguments)


def test_run_report_and_status(al_job: Run, store: Path, tiny: str, tmp_path: Path) -> None:
    """`run` ends with a table and the places of its files; again, it says that all is done."""
    path = tmp_path / "tiny.yaml"
    path.write_text(tiny.replace("rounds: 3", "rounds: 2"))
    first = al_job("run", path, "--store", store)
    assert first.code == 0, first.err
    assert "13 stages run" in first.out
    for name in ("results.csv", "report/index.html"):
        assert (store / "experiments/tiny" / name).is_file()
        assert name in first.out
    results = (store / "experiments/tiny/results.csv").read_bytes()
    again = al_job("run", path, "--store", store)
    assert "nothing left to run" in again.out
    assert al_job("report", "--store", store).code == 0
    assert (store / "experiments/tiny/results.csv").read_bytes() == results
    status = al_job("status", "--store", store)
    row = next(line for line in status.out.splitlines() if "brust" in line and " 1 " in line)
    assert row.count(" s ") == 4  # it is the last round: not scored


def test_a_stage_that_is_done_is_skipped(al_job: Run, begun: Path) -> None:
    """Running a finished stage again leaves it as it is."""
    marker = begun / "experiments/tiny/seed-0/round-000/select/done.json"
    al_job("select", "--round", 0, "--store", begun)
    before = marker.stat().st_mtime_ns
    assert al_job("select", "--round", 0, "--store", begun).code == 0
    assert marker.stat().st_mtime_ns == before


def test_a_changed_configuration_ends_with_78(
    al_job: Run, begun: Path, tiny: str, tmp_path: Path
) -> None:
    """An experiment goes on with what it began with."""
    assert al_job("select", "--round", 0, "--store", begun).code == 0
    path = tmp_path / "other.yaml"
    path.write_text(tiny.replace("steps: 4", "steps: 5"))
    ended = al_job("run", path, "--store", begun)
    assert ended.code == 78
    assert "train.steps: 4 -> 5" in one_line(ended.err)


def test_an_unknown_strategy_ends_before_anything_runs(
    al_job: Run, store: Path, tiny: str, tmp_path: Path
) -> None:
    """A misspelt strategy is answered with the known ones, and nothing is written."""
    path = tmp_path / "wrong.yaml"
    path.write_text(tiny.replace("strategy: brust", "strategy: burst"))
    ended = al_job("run", path, "--store", store)
    assert ended.code == 78
    assert "known: brust, coreset, cost_aware" in one_line(ended.err)
    assert not store.exists()


def test_doctor_looks_at_store_device_disk_and_weights(
    al_job: Run, free_gib: Callable[[float], None], store: Path, tiny: str, tmp_path: Path
) -> None:
    """All is well with a directory; weights or room that are missing fail with what to do."""
    free_gib(100)
    path = tmp_path / "tiny.yaml"
    path.write_text(tiny)
    well = al_job("doctor", path, "--store", store)
    assert well.code == 0, well.out
    for name in (
        "write",
        "read",
        "list",
        "delete",
        "conditional write",
        "device",
        "cache",
        "data set",
    ):
        assert name in well.out
    path.write_text(tiny.replace("backbone: scratch", "backbone: file:no/such.pt"))
    ill = al_job("doctor", path, "--store", store)
    assert ill.code == 78
    assert "FAIL weights: file:no/such.pt: nothing there: set detector.backbone" in ill.out
    free_gib(4.9)
    assert "FAIL cache: 4.9 GiB free at " in al_job("doctor", "--store", store).out


def test_ingest_synthetic_prints_the_summary(al_job: Run, store: Path) -> None:
    """Images, boxes and classes of pool and test; a dry run writes nothing."""
    options = ["--name", "drawn", "--num-pool", 6, "--num-test", 3, "--store", store]
    dry = al_job("ingest", "synthetic", *options, "--dry-run")
    assert dry.code == 0
    assert not store.exists()
    assert al_job("ingest", "synthetic", *options).code == 0
    assert (store / "datasets/drawn/dataset.json").is_file()
    assert "there already" in al_job("ingest", "synthetic", *options).out


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
    """Where standard error is no terminal, every line of a stage's log is JSON."""
    command = [str(AL_JOB), "select", "--round", "0", "--store", str(begun)]
    ended = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603
    events = [json.loads(line) for line in ended.stderr.splitlines()]
    assert [event["event"] for event in events] == ["stage.begin", "stage.done"]
    assert events[-1]["picked"] == 6
    assert {"seed", "round", "seconds", "timestamp"} <= events[-1].keys()
