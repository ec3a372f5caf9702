"""The Job of a stage: its name is a lock, and its policy follows from the exit codes."""

import re
from itertools import product

import kubernetes_validate
import pytest

from job.config.held_out import HeldOutConfig
from job.config.schema import Config
from job.keys import STAGES, RoundRef, StageRef
from job.launch.kubernetes.job_spec import SPEC_HASH, job_name, make_job
from job.launch.kubernetes.settings import LaunchConfig
from job.whole import WholeRef

TRAIN = RoundRef("tiny", 0, "brust", 3).stage("train")


def test_a_short_name_says_all(launch: LaunchConfig) -> None:
    """It has release, experiment, seed, arm, round, stage and attempt, in that order."""
    assert job_name(launch, TRAIN, 1) == "al-voc-tiny-s0-brust-r3-train-1"
    first = RoundRef("tiny", 4, None, 0).stage("annotate")
    assert job_name(launch, first, 2) == "al-voc-tiny-s4-r0-annotate-2"


def test_every_name_fits_and_differs(launch: LaunchConfig) -> None:
    """However long the names are and whatever they contain, a Job's name is a unique host name."""
    long = launch.model_copy(update={"release": "a-release-of-thirty-characters"})
    experiments = ["x" * 63, "x" * 62 + "y", "Mixed.Case_1", "mixed-case-1"]
    arms = ["a" * 63, "a" * 62 + "b", "A.b", "a-b", None]
    names = [
        job_name(long, RoundRef(experiment, seed, arm, 0 if arm is None else 999).stage(stage), 12)
        for experiment, seed, arm, stage in product(experiments, [0, 2**63], arms, STAGES)
    ]
    assert len(set(names)) == len(names)
    for name in names:
        assert re.fullmatch("[a-z0-9]([a-z0-9-]{0,50}[a-z0-9])", name)
        assert name.endswith("-12")


def test_a_job_of_the_test_set_names_its_round(launch: LaunchConfig, settings: Config) -> None:
    """It has no seed and no arm: neither in its name, nor in its labels, nor in its command."""
    test = HeldOutConfig.model_validate({"from": "pool", "size": 9, "grown_from": [5]})
    config = settings.model_copy(update={"test": test})
    ref = RoundRef.of_test("tiny", 1).stage("annotate")
    job = make_job(launch, config, ref, 1)
    assert job["metadata"]["name"] == "al-voc-tiny-test-2-annotate-1"
    labels = job["metadata"]["labels"]
    assert (labels["al-voc/round"], labels["al-voc/stage"]) == ("test-2", "annotate")
    assert not {"al-voc/seed", "al-voc/arm"} & labels.keys()
    (container,) = job["spec"]["template"]["spec"]["containers"]
    assert container["args"][:3] == ["annotate", "--round=test-2", "--experiment=tiny"]
    assert not [each for each in container["args"] if each.startswith(("--seed", "--arm"))]


def test_the_report_s_job_is_of_the_whole_experiment(
    launch: LaunchConfig, settings: Config
) -> None:
    """It has neither seed nor round, and its command says which stages it is of."""
    job = make_job(launch, settings, WholeRef.report("tiny", "0af3"), 1)
    assert job["metadata"]["name"] == "al-voc-tiny-report-1"
    labels = job["metadata"]["labels"]
    assert labels["al-voc/stage"] == "report"
    assert not {"al-voc/seed", "al-voc/arm", "al-voc/round"} & labels.keys()
    (container,) = job["spec"]["template"]["spec"]["containers"]
    assert container["args"] == ["report", "--experiment=tiny", "--of=0af3"]


def test_a_cut_name_keeps_something_of_each(launch: LaunchConfig) -> None:
    """The longest words are cut first, so that a person can still read it."""
    ref = RoundRef("pascal-voc-2007-trainval", 3, "brust-sum-weighted", 7).stage("annotate")
    name = job_name(launch, ref, 1)
    pattern = "al-voc-pascal-voc-s3-brust-sum-r7-[0-9a-f]{6}-annotate-1"
    assert re.fullmatch(pattern, name)


def test_labels_say_what_a_job_is(launch: LaunchConfig, settings: Config) -> None:
    """Job and pod have these labels and the template's. Round 0 has no arm."""
    arms = settings.model_copy(update={"rounds": 5})
    expected = {
        "team": "vision",
        "al-voc/release": "al-voc",
        "al-voc/experiment": "tiny",
        "al-voc/seed": "0",
        "al-voc/arm": "brust",
        "al-voc/round": "3",
        "al-voc/stage": "train",
        "al-voc/attempt": "2",
    }
    job = make_job(launch, arms, TRAIN, 2)
    assert job["metadata"]["labels"] == expected
    assert job["spec"]["template"]["metadata"]["labels"] == expected
    first = make_job(launch, arms, TRAIN.round.at(0).stage("train"), 1)
    assert "al-voc/arm" not in first["metadata"]["labels"]


def test_the_container_gets_the_stage(launch: LaunchConfig, settings: Config) -> None:
    """Its arguments are a command that a person could type."""
    [container] = make_job(launch, settings, TRAIN, 1)["spec"]["template"]["spec"]["containers"]
    assert container["args"] == [
        "train",
        "--round=3",
        "--experiment=tiny",
        "--seed=0",
        "--arm=brust",
    ]
    assert container["terminationMessagePolicy"] == "FallbackToLogsOnError"


def test_permanent_errors_end_a_job_and_disruptions_do_not_count(
    launch: LaunchConfig, settings: Config
) -> None:
    """64, 65, 66 and 78 fail it at once, and this rule comes before the one for disruptions."""
    spec = make_job(launch, settings, TRAIN, 1)["spec"]
    first, second = spec["podFailurePolicy"]["rules"]
    assert first["action"] == "FailJob"
    assert first["onExitCodes"] == {
        "containerName": "stage",
        "operator": "In",
        "values": [64, 65, 66, 78],
    }
    assert second == {
        "action": "Ignore",
        "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}],
    }
    assert spec["backoffLimit"] == 3
    assert spec["template"]["spec"]["restartPolicy"] == "Never"


def test_scoring_has_an_index_for_each_partition(launch: LaunchConfig, settings: Config) -> None:
    """A partition fails alone, and has its own attempts."""
    shared = launch.model_copy(update={"score_partitions": 4, "score_parallelism": 9})
    spec = make_job(shared, settings, TRAIN.round.stage("score"), 1)["spec"]
    assert (spec["completionMode"], spec["completions"], spec["parallelism"]) == ("Indexed", 4, 4)
    assert spec["backoffLimitPerIndex"] == 3
    assert "backoffLimit" not in spec
    assert spec["podFailurePolicy"]["rules"][0]["action"] == "FailIndex"
    assert spec["template"]["spec"]["containers"][0]["args"][-1] == (
        "--partition=$(JOB_COMPLETION_INDEX)/4"
    )


def test_a_training_on_several_nodes_has_a_pod_for_each(
    launch: LaunchConfig, settings: Config
) -> None:
    """All run at once and fail together, so each attempt may cost as many pods as there are."""
    several = launch.model_copy(update={"train_nodes": 4})
    spec = make_job(several, settings, TRAIN, 1)["spec"]
    assert (spec["completionMode"], spec["completions"], spec["parallelism"]) == ("Indexed", 4, 4)
    assert spec["backoffLimit"] == 3 * 4
    assert spec["podFailurePolicy"]["rules"][0]["action"] == "FailJob"
    evaluate = make_job(several, settings, TRAIN.round.stage("evaluate"), 1)["spec"]
    assert "completions" not in evaluate
    [container] = spec["template"]["spec"]["containers"]
    assert container["args"] == [
        "train",
        "--round=3",
        "--experiment=tiny",
        "--seed=0",
        "--arm=brust",
    ]


def test_the_queue_is_a_label_of_the_job_alone(launch: LaunchConfig, settings: Config) -> None:
    """Kueue admits Jobs by this label, which is missing without a queue."""
    name = "kueue.x-k8s.io/queue-name"
    assert name not in make_job(launch, settings, TRAIN, 1)["metadata"]["labels"]
    queued = make_job(launch.model_copy(update={"queue_name": "gpus"}), settings, TRAIN, 1)
    assert queued["metadata"]["labels"][name] == "gpus"
    assert name not in queued["spec"]["template"]["metadata"]["labels"]


def _hash(launch: LaunchConfig, config: Config, attempt: int = 1) -> str:
    return str(make_job(launch, config, TRAIN, attempt)["metadata"]["annotations"][SPEC_HASH])


def test_the_spec_hash_is_of_what_runs(launch: LaunchConfig, settings: Config) -> None:
    """Another container image or configuration changes the hash; attempts do not."""
    usual = _hash(launch, settings)
    assert _hash(launch, settings, attempt=2) == usual
    patient = {"backoff_limit": 9, "max_parallel": 7, "ttl_seconds_after_finished": 60}
    assert _hash(launch.model_copy(update=patient), settings) == usual
    other = launch.model_copy(deep=True)
    other.templates["train"]["spec"]["template"]["spec"]["containers"][0]["image"] = "al-job:2"
    assert _hash(other, settings) != usual
    train = settings.train.model_copy(update={"steps": 5})
    assert _hash(launch, settings.model_copy(update={"train": train})) != usual


def test_templates_are_not_changed(launch: LaunchConfig, settings: Config) -> None:
    """One template is used for all Jobs of a stage."""
    before = launch.model_dump_json()
    make_job(launch, settings, TRAIN, 1)
    assert launch.model_dump_json() == before


@pytest.mark.parametrize("version", ["1.31", "1.37"])
@pytest.mark.parametrize("stage", STAGES)
def test_jobs_are_valid_in_the_oldest_and_the_newest_version(
    launch: LaunchConfig, settings: Config, stage: str, version: str
) -> None:
    """Kubernetes knows every field."""
    ref: StageRef = TRAIN.round.stage(stage)  # type: ignore[arg-type]
    kept = launch.model_copy(
        update={"ttl_seconds_after_finished": 60, "queue_name": "gpus", "train_nodes": 2}
    )
    kubernetes_validate.validate(make_job(kept, settings, ref, 1), version, strict=True)


def test_runtime_settings_of_the_driver_go_to_every_job(
    launch: LaunchConfig, settings: Config
) -> None:
    """`al-job drive --set` means the stages, which run in other processes."""
    changed = launch.model_copy(update={"runtime": ("runtime.threads=4", "runtime.workers=auto")})
    for stage in STAGES:
        job = make_job(changed, settings, RoundRef("tiny", 0, None, 0).stage(stage), 1)
        [container] = job["spec"]["template"]["spec"]["containers"]
        assert {"--set=runtime.threads=4", "--set=runtime.workers=auto"} < set(container["args"])


@pytest.mark.parametrize(
    ("ref", "image"),
    [
        (TRAIN.round.stage("select"), "al-job:1-slim"),
        (RoundRef("tiny", 0, None, 0).stage("select"), "al-job:1"),
        (RoundRef.of_test("tiny", 1).stage("select"), "al-job:1"),
        (TRAIN, "al-job:1"),
    ],
)
def test_a_selection_by_scores_needs_no_torch(
    launch: LaunchConfig, settings: Config, ref: StageRef, image: str
) -> None:
    """It takes the slim container image, which its marker then names; a cold start does not."""
    slim = launch.model_copy(update={"image": "al-job:1", "slim_image": "al-job:1-slim"}, deep=True)
    slim.templates[ref.stage]["spec"]["template"]["spec"]["containers"][0]["env"] = [
        {"name": "AL_IMAGE", "value": "al-job:1"}
    ]
    [container] = make_job(slim, settings, ref, 1)["spec"]["template"]["spec"]["containers"]
    assert (container["image"], container["env"][0]["value"]) == (image, image)


def test_a_container_image_of_a_stage_s_own_stays(launch: LaunchConfig, settings: Config) -> None:
    """Whoever names one for `select` gets it in every round."""
    own = launch.model_copy(update={"image": "al-job:2", "slim_image": "al-job:2-slim"})
    job = make_job(own, settings, TRAIN.round.stage("select"), 1)
    assert job["spec"]["template"]["spec"]["containers"][0]["image"] == "al-job:1"
