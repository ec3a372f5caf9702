"""The commands for a cluster: what they print, and what they say to a mistake."""

from pathlib import Path

import pytest
import yaml

from job.errors import UsageError
from job.keys import REPORT, STAGES
from job.launch.kubernetes.platform import KubernetesPlatform
from job.launch.kubernetes.settings import KubeObject
from tests.conftest import AlJob, Ended

TEMPLATE = {"spec": {"template": {"spec": {"containers": [{"name": "stage", "image": "x"}]}}}}


@pytest.fixture
def places(tmp_path: Path, tiny: str, al_job: AlJob) -> tuple[str, ...]:
    """The options that name a begun experiment's store and a launch file."""
    launch, config, store = (tmp_path / name for name in ("launch.yaml", "tiny.yaml", "state"))
    names = {"release": "al-voc", "namespace": "here", "owner": "al-voc", "status": "al-voc-status"}
    launch.write_text(
        yaml.safe_dump(names | {"templates": dict.fromkeys((*STAGES, REPORT), TEMPLATE)})
    )
    config.write_text(tiny)
    assert al_job("init", config, "--store", store).code == 0
    return ("--launch", str(launch), "--store", str(store))


def rendered(end: Ended) -> list[KubeObject]:
    assert end.code == 0, end.err
    return list(yaml.safe_load_all(end.out))


def test_a_round_is_rendered_in_its_order(al_job: AlJob, places: tuple[str, ...]) -> None:
    """Every arm's Jobs, each after what it needs, complete but for their owner."""
    jobs = rendered(al_job("render", "--round", 1, *places))
    assert [job["metadata"]["name"] for job in jobs] == [
        "al-voc-tiny-s0-random-r1-select-1",
        "al-voc-tiny-s0-random-r1-annotate-1",
        "al-voc-tiny-s0-random-r1-train-1",
        "al-voc-tiny-s0-random-r1-evaluate-1",
        "al-voc-tiny-s0-brust-r1-select-1",
        "al-voc-tiny-s0-brust-r1-annotate-1",
        "al-voc-tiny-s0-brust-r1-train-1",
        "al-voc-tiny-s0-brust-r1-evaluate-1",
        "al-voc-tiny-s0-brust-r1-score-1",
    ]
    assert all(job["kind"] == "Job" and job["metadata"]["namespace"] == "here" for job in jobs)


def test_an_arm_and_a_seed_can_be_chosen(al_job: AlJob, places: tuple[str, ...]) -> None:
    """One that is not there is answered with those that are; round 0 is of all arms."""
    jobs = rendered(al_job("render", "--round", 1, "--arm", "random", "--seed", 0, *places))
    assert {job["metadata"]["labels"]["al-voc/arm"] for job in jobs} == {"random"}
    shared = rendered(al_job("render", "--round", 0, "--arm", "random", *places))
    assert len(shared) == 5
    end = al_job("render", "--round", 1, "--arm", "margn", *places)
    assert (end.code, "known: brust, random" in end.err) == (64, True)
    end = al_job("render", "--round", 9, *places)
    assert (end.code, "rounds 0 to 2" in end.err) == (64, True)


def test_all_rounds_are_one_workflow_of_argo(al_job: AlJob, places: tuple[str, ...]) -> None:
    """Of an arm and a seed, if these are chosen; Jobs are printed of one round alone."""
    [workflow] = rendered(al_job("render", "--as", "argo", "--arm", "random", *places))
    assert (workflow["kind"], workflow["metadata"]["namespace"]) == ("Workflow", "here")
    names = [task["name"] for task in workflow["spec"]["templates"][0]["dag"]["tasks"]]
    assert {name.rsplit("-r", 1)[0] for name in names} == {"s0", "s0-random", "report"}
    assert {"s0-r0-train", "s0-random-r1-train", "s0-random-r2-train"} < set(names)
    end = al_job("render", *places)
    assert (end.code, "--round: name the round" in end.err) == (64, True)


def test_a_training_in_several_pods_is_a_job_set_if_asked(
    al_job: AlJob, places: tuple[str, ...]
) -> None:
    """Unless asked, it is an Indexed Job. Other stages are Jobs."""
    launch = Path(places[1])
    launch.write_text(launch.read_text() + "trainNodes: 2\n")
    for words, kind in (((), "Job"), (("--as", "jobset"), "JobSet")):
        jobs = rendered(al_job("render", "--round", 0, *words, *places))
        assert [job["kind"] for job in jobs] == ["Job", "Job", kind, "Job", "Job"]


def test_each_training_is_a_train_job_if_asked(al_job: AlJob, places: tuple[str, ...]) -> None:
    """In however many pods. Other stages are Jobs."""
    jobs = rendered(al_job("render", "--round", 0, "--as", "trainjob", *places))
    assert [job["kind"] for job in jobs] == ["Job", "Job", "TrainJob", "Job", "Job"]


def test_a_launch_file_that_is_wrong_is_named(
    al_job: AlJob, places: tuple[str, ...], tmp_path: Path
) -> None:
    """With 78, since it is a matter of configuration."""
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("release: x")
    end = al_job("drive", "quickstart", "--launch", wrong, "--store", places[-1])
    assert end.code == 78
    assert f"{wrong}: namespace: field required" in end.err
    assert len(end.err.splitlines()) == 1


@pytest.mark.parametrize(
    "command",
    [
        ("cancel",),
        ("resume",),
        ("status", "--release", "x"),
        ("logs", "train", "--round", "0", "--release", "x"),
    ],
)
def test_without_a_cluster_the_commands_say_so(
    al_job: AlJob, command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """No traceback of the client's."""
    monkeypatch.setattr(
        "kubernetes.config.kube_config.KUBE_CONFIG_DEFAULT_LOCATION", str(tmp_path / "none")
    )
    end = al_job(*command)
    assert end.code == 78
    assert end.err.startswith("al-job: no cluster")
    assert len(end.err.splitlines()) == 1


def test_the_full_supervision_of_a_single_round_is_rendered(
    al_job: AlJob, places: tuple[str, ...], tmp_path: Path, tiny: str
) -> None:
    """Its round 1 is the only one after round 0; a round after it is refused."""
    one = tmp_path / "one.yaml"
    one.write_text(
        tiny.replace("rounds: 3", "rounds: 1\nfull_supervision: true").replace(": tiny", ": one")
    )
    assert al_job("init", one, "--store", places[-1]).code == 0
    jobs = rendered(al_job("render", "--round", 1, "--experiment", "one", *places))
    assert {job["metadata"]["labels"]["al-voc/arm"] for job in jobs} == {"fully-supervised"}
    assert len(jobs) == 4
    end = al_job("render", "--round", 2, "--experiment", "one", *places)
    assert (end.code, "rounds 0 to 1" in end.err) == (64, True)


def test_drive_adds_its_settings_to_those_of_the_launch_file(
    al_job: AlJob, places: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The option comes last and so counts more; a wrong one of the file is refused as well."""
    got: list[tuple[str, ...]] = []

    def fake(_store: object, _config: object, platform: KubernetesPlatform, *_: object) -> None:
        got.append(platform.launch.runtime)
        raise UsageError

    monkeypatch.setattr("job.cli.cluster.connect", lambda _: None)
    monkeypatch.setattr("job.cli.cluster.drive_experiment", fake)
    launch = tmp_path / "launch.yaml"
    text = launch.read_text()
    launch.write_text(text + "runtime: [runtime.threads=4]\n")
    al_job("drive", "quickstart", "--set", "runtime.batch_size=3", *places)
    assert got == [("runtime.threads=4", "runtime.batch_size=3")]
    launch.write_text(text + "runtime: [runtime.thread=4]\n")
    end = al_job("drive", "quickstart", *places)
    assert end.code == 64
    assert "did you mean 'runtime.threads'?" in end.error
    assert len(got) == 1
