"""Stages as Jobs, against a double of the API: each stage runs once, whatever goes wrong."""

from collections.abc import Callable
from contextlib import closing

import pytest
from kubernetes import client

from job import loop
from job.config import loading
from job.errors import BadDataError, ConfigError, TemporaryError
from job.keys import STAGES, StageRef
from job.launch.kubernetes import launcher as kubernetes
from job.launch.kubernetes import started
from job.launch.kubernetes.job_spec import SPEC_HASH, make_job
from job.launch.observer import JobEnd, Observer
from job.plan import Plan
from job.progress import States
from tests.unit.launch.kubernetes.conftest import Release, ref_of
from tests.unit.launch.kubernetes.double import scenarios
from tests.unit.launch.kubernetes.double import transport as faults
from tests.unit.launch.kubernetes.double.scenarios import Answer, Attempt, Exit, Running

ALL = [f"al-voc-tiny-s0-r0-{stage}-1" for stage in STAGES[:4]]
"""The Jobs of an experiment of one round, in order."""


def once(answer: Answer) -> Callable[[Attempt], Answer | None]:
    """Return a behaviour by which the first pod ends so, and every other pod succeeds."""
    answers = [answer]
    return lambda _: answers.pop() if answers else None


def published(release: Release) -> list[str]:
    """Return all states of stages that were published, as `state: reason`."""
    return [f"{e.state}: {e.reason}" for states in release.published for e in states.values()]


def test_every_stage_is_a_job_in_its_turn(release: Release) -> None:
    """Each stage runs once, as a Job owned by the release's ConfigMap, not by the driver."""
    assert release.run() == 4
    assert release.double.created == ALL
    owner = release.double.config_map("al-voc")["metadata"]["uid"]
    for name in ALL:
        [reference] = release.double.job(name)["metadata"]["ownerReferences"]
        assert reference == {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "name": "al-voc",
            "uid": owner,
            "controller": False,
            "blockOwnerDeletion": False,
        }


def test_without_the_owner_nothing_begins(release: Release) -> None:
    """Jobs without an owner would stay forever."""
    release.launch = release.launch.model_copy(update={"owner": "other"})
    with pytest.raises(ConfigError, match="no ConfigMap other to own the Jobs"):
        release.run()
    assert release.double.created == []


def test_as_many_run_at_a_time_as_allowed(release: Release, tiny: str) -> None:
    """At most `maxParallel` stages run at a time: evaluate and score run in parallel."""
    release.config = loading.parse(tiny, "tiny")
    alive: list[int] = []

    def count(_: Attempt) -> None:
        jobs = release.double.world.jobs.values()
        alive.append(sum("completionTime" not in job["status"] for job in jobs))

    release.behaviour = count
    assert release.run() == len(list(Plan(release.config).stages()))
    assert max(alive) == 2


def test_a_stage_is_done_before_its_job_says_so(
    release: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If its pod has ended and its marker exists, the Job's status is not waited for."""
    monkeypatch.setattr(kubernetes, "ended", lambda _: None)
    assert release.run() == 4
    assert release.double.created == ALL


def test_after_a_killed_driver_the_next_one_continues(release: Release) -> None:
    """It adopts the Job that runs, and no stage runs twice."""
    ref = release.ref("select")
    release.behaviour = lambda _: Running()
    first = release.launcher()
    first.start(ref)
    assert not first._look()  # noqa: SLF001 - it is killed in the middle of `wait`
    release.behaviour = lambda _: None
    assert release.run() == 4
    assert release.double.created == ALL
    assert len(release.ran) == 4


def test_a_stage_that_ended_while_no_driver_ran_is_done(release: Release) -> None:
    """It does not run again, even if its marker is seen only after the loop asked."""
    release.run()
    seen: list[StageRef] = []

    def is_done(ref: StageRef) -> bool:  # the loop asked before the marker was written
        seen.append(ref)
        return seen.count(ref) > 1 and release.is_done(ref)

    assert loop.run(Plan(release.config), release.launcher(is_done), is_done) == 4
    assert release.double.created == ALL


def test_complete_without_a_marker_fails(release: Release) -> None:
    """A Job's status is a hint: only the marker makes a stage done."""
    release.behaviour = once(0)
    with pytest.raises(BadDataError, match=r"seed 0 round 0 select failed: .* marker is missing"):
        release.run()


def test_failed_with_a_marker_is_done(release: Release) -> None:
    """A stage that was killed after it wrote its marker has done its work."""

    def die(attempt: Attempt) -> Answer | None:
        release.behaviour = lambda _: None
        release.run_pod(attempt)
        return 64

    release.behaviour = die
    assert release.run() == 4
    assert release.double.created == ALL


def test_a_permanent_error_is_not_retried(release: Release) -> None:
    """There is one pod, and the driver ends with its last line and its exit code."""
    release.behaviour = lambda _: Exit(78, log="al-job: no such setting\n")
    with pytest.raises(ConfigError, match=r"select failed: no such setting \(exit code 78\)"):
        release.run()
    assert len(release.double.pods(ALL[0])) == 1


def test_a_temporary_error_is_retried(release: Release) -> None:
    """Its Job replaces the pod, as often as the backoff limit says."""
    release.behaviour = once(75)
    assert release.run() == 4
    assert len(release.double.pods(ALL[0])) == 2


def test_an_error_on_every_attempt_ends_the_run(release: Release) -> None:
    """The error is what the pods said, after 1 attempt and 3 retries."""
    release.behaviour = lambda _: scenarios.OOM_KILLED
    with pytest.raises(BadDataError, match=r"OOMKilled.*BackoffLimitExceeded"):
        release.run()
    assert len(release.double.pods(ALL[0])) == 4


def test_a_disruption_costs_no_attempt(release: Release) -> None:
    """A drain or a preemption is not the stage's failure."""
    release.launch = release.launch.model_copy(update={"backoff_limit": 0})
    release.behaviour = once(scenarios.EVICTED)
    assert release.run() == 4


def test_the_next_driver_retries_a_failed_stage(release: Release) -> None:
    """A Job that failed before this driver looked is history: another Job is created."""
    release.behaviour = lambda _: 65
    with pytest.raises(BadDataError):
        release.run()
    release.behaviour = lambda _: None
    assert release.run() == 4
    assert release.double.created == [ALL[0], "al-voc-tiny-s0-r0-select-2", *ALL[1:]]


def test_a_job_that_somebody_deleted_is_created_again(release: Release) -> None:
    """It is created when its pod has ended, so that only one process writes."""
    release.behaviour = lambda _: Running()
    ref = release.ref("select")
    launcher = release.launcher()
    launcher.start(ref)
    launcher._look()  # noqa: SLF001
    release.cluster.jobs("")  # the Job gets its pod
    [pod] = [each["metadata"]["name"] for each in release.double.pods(ALL[0])]
    with closing(release.double.client()) as api:  # our own client never orphans pods
        delete = client.BatchV1Api(api).delete_namespaced_job
        delete(ALL[0], "default", propagation_policy="Orphan", _request_timeout=1)
    launcher._look()  # noqa: SLF001
    assert launcher._started[ref].state.reason == f"pod {pod} of a Job that is gone"  # noqa: SLF001
    assert release.double.created == ALL[:1]
    del release.double.world.pods[pod]
    release.behaviour = lambda _: None
    assert release.run() == 4
    assert release.double.created == [ALL[0], *ALL]


# Jobs of another spec


def _other_job(release: Release) -> None:
    """Create a Job of the first stage with another spec."""
    release.launch.templates["select"]["spec"]["template"]["spec"]["hostname"] = "old"
    job = make_job(release.launch, release.config, release.ref("select"), 1)
    del release.launch.templates["select"]["spec"]["template"]["spec"]["hostname"]
    release.cluster.create_job(job)


def test_a_job_of_another_spec_that_runs_is_left_to_end(release: Release) -> None:
    """It is not adopted, both hashes are shown, and its marker still counts."""
    release.behaviour = lambda _: Running()
    _other_job(release)
    release.cluster.jobs("")
    ref = release.ref("select")
    launcher = release.launcher()
    launcher.start(ref)
    launcher._look()  # noqa: SLF001
    state = launcher._started[ref].state  # noqa: SLF001
    own = make_job(release.launch, release.config, ref, 1)["metadata"]["annotations"][SPEC_HASH]
    old = release.double.job(ALL[0])["metadata"]["annotations"][SPEC_HASH]
    assert state.phase == "other spec"
    assert old in state.reason
    assert own in state.reason
    assert own != old
    release.behaviour = lambda _: None
    assert release.run() == 4
    assert release.double.created == ALL


def test_a_job_of_another_spec_that_never_began_is_replaced(release: Release) -> None:
    """An upgrade corrects a stage that asked for what no node has."""
    release.behaviour = lambda attempt: (
        scenarios.Unschedulable()
        if attempt.job["spec"]["template"]["spec"].get("hostname") == "old"
        else None
    )
    _other_job(release)
    release.cluster.jobs("")
    assert release.run() == 4
    assert release.double.created == [ALL[0], *ALL]
    assert release.double.orphaned == []


# What Kubernetes never fails by itself


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (scenarios.Unschedulable(), "pending: Unschedulable: 0/1 nodes are available"),
        (scenarios.SECRET_MISSING, 'CreateContainerConfigError: secret "missing" not found'),
        (scenarios.MountFailure(), 'FailedMount: MountVolume.SetUp failed for volume "c"'),
        (scenarios.ImageError(), "image: ErrImagePull: "),
    ],
)
def test_why_nothing_happens_is_told(release: Release, answer: Answer, expected: str) -> None:
    """The reason is in the scheduler's or the kubelet's words, and the stage runs when it can."""

    def behave(_: Attempt) -> Answer | None:
        return None if any(expected in each for each in published(release)) else answer

    release.behaviour = behave
    assert release.run() == 4


def test_a_quota_is_told(release: Release) -> None:
    """If no pod can be created, an event of the Job says why."""
    release.double.controller.forbidden = scenarios.QUOTA_EXCEEDED
    launcher = release.launcher()
    ref = release.ref("select")
    launcher.start(ref)
    for _ in range(2):
        launcher._look()  # noqa: SLF001
    assert "FailedCreate" in launcher._started[ref].state.reason  # noqa: SLF001
    assert scenarios.QUOTA_EXCEEDED in launcher._started[ref].state.reason  # noqa: SLF001


def test_an_image_that_cannot_be_pulled_ends_the_run(release: Release) -> None:
    """Kubernetes would retry forever. The Job is deleted, so that its pod holds no resources."""
    release.launch = release.launch.model_copy(update={"image_error_seconds": 0.05})
    release.behaviour = lambda _: scenarios.ImageError()
    with pytest.raises(ConfigError, match=r"image cannot be pulled: .*no such host"):
        release.run()
    release.double.tick()
    assert release.double.world.jobs == {}
    assert release.double.world.pods == {}


def test_a_stage_that_no_node_takes_ends_the_run(release: Release) -> None:
    """After `pendingSeconds`, with the scheduler's words; its Job is deleted."""
    release.launch = release.launch.model_copy(update={"pending_seconds": 0.05})
    release.behaviour = lambda _: scenarios.Unschedulable("0/1 nodes are available")
    with pytest.raises(ConfigError, match=r"select: no pod could start .*0/1 nodes are available"):
        release.run()
    release.double.tick()
    assert release.double.world.jobs == {}


def test_a_queued_job_waits_for_its_admission(release: Release) -> None:
    """Kueue suspends a Job until its quota has room. This is not a failure."""
    release.launch = release.launch.model_copy(update={"queue_name": "gpus"})
    release.double.queueing = True

    def admit(states: States) -> None:
        release.published.append(states)
        for ref, state in states.items():
            if state.state == "queued":
                release.double.admit(
                    make_job(release.launch, release.config, ref, 1)["metadata"]["name"]
                )

    assert loop.run(Plan(release.config), release.launcher(publish=admit), release.is_done) == 4
    assert any(state.state == "queued" for states in release.published for state in states.values())


# Partitions of a scoring


def _scored(release: Release, tiny: str, count: int) -> None:
    """Make every stage of round 0 done except the scoring, which has so many partitions."""
    release.config = loading.parse(tiny, "tiny")
    update = {"score_partitions": count, "score_parallelism": count}
    release.launch = release.launch.model_copy(update=update)
    release.do_until("score")


def _score(release: Release) -> None:
    launcher = release.launcher()
    ref = release.ref("score")
    launcher.start(ref)
    assert launcher.wait() == [ref]


def test_each_partition_is_scored_by_a_pod(release: Release, tiny: str) -> None:
    """All are pods of one Job, and each partition is scored once."""
    _scored(release, tiny, 3)
    release.double.page_size = 1
    _score(release)
    assert sorted(partition for _, partition in release.ran) == [(0, 3), (1, 3), (2, 3)]
    assert release.double.created == ["al-voc-tiny-s0-r0-score-1"]


def test_a_partition_that_is_killed_is_retried_alone(release: Release, tiny: str) -> None:
    """The other partitions are not scored again."""
    _scored(release, tiny, 3)
    release.behaviour = lambda attempt: 137 if attempt.index == 1 and not attempt.failures else None
    _score(release)
    assert sorted(partition for _, partition in release.ran) == [(0, 3), (1, 3), (2, 3)]


def test_a_partition_that_fails_permanently_waits_for_the_others(
    release: Release, tiny: str
) -> None:
    """The scoring fails when they are done, so the next attempt has only this one to do."""
    _scored(release, tiny, 3)
    release.behaviour = lambda attempt: (
        Exit(65, log="al-job: broken image\n") if attempt.index == 1 else None
    )
    with pytest.raises(BadDataError, match="score failed: broken image"):
        _score(release)
    assert sorted(partition for _, partition in release.ran) == [(0, 3), (2, 3)]


def test_a_cause_that_partitions_share_is_not_met_by_all(release: Release, tiny: str) -> None:
    """When more than a tenth of them has failed, the scoring ends, and the rest is not begun."""
    _scored(release, tiny, 20)
    release.launch = release.launch.model_copy(update={"score_parallelism": 2})
    release.behaviour = lambda _: Exit(65, log="al-job: broken model\n")
    with pytest.raises(BadDataError, match="score failed: broken model"):
        _score(release)
    assert len(release.double.pods("al-voc-tiny-s0-r0-score-1")) == 4


def test_the_next_attempt_prefers_other_nodes(release: Release) -> None:
    """A broken device fails every pod of its node. Its own request for nodes is kept."""
    own = {"weight": 1, "preference": {"matchExpressions": [{"key": "a", "operator": "Exists"}]}}
    preferred = "preferredDuringSchedulingIgnoredDuringExecution"
    pod = release.launch.templates["select"]["spec"]["template"]["spec"]
    pod["affinity"] = {"nodeAffinity": {preferred: [own]}, "podAntiAffinity": {}}
    release.behaviour = lambda _: Exit(137)
    with pytest.raises(BadDataError):
        release.run()
    for each in release.double.pods(ALL[0]):
        each["spec"]["nodeName"] = "sick"
    release.behaviour = lambda _: None
    assert release.run() == 4
    spec = release.double.job("al-voc-tiny-s0-r0-select-2")["spec"]["template"]["spec"]
    other = {"matchFields": [{"key": "metadata.name", "operator": "NotIn", "values": ["sick"]}]}
    assert spec["affinity"]["nodeAffinity"] == {
        preferred: [own, {"weight": 100, "preference": other}]
    }
    assert spec["affinity"]["podAntiAffinity"] == {}
    hashes = [
        release.double.job(f"al-voc-tiny-s0-r0-select-{n}")["metadata"]["annotations"][SPEC_HASH]
        for n in (1, 2)
    ]
    assert hashes[0] == hashes[1]


def test_a_node_is_not_to_blame_for_wrong_data(release: Release) -> None:
    """Another node would refuse them as well, so the next attempt may come there."""
    release.behaviour = lambda _: 65
    with pytest.raises(BadDataError):
        release.run()
    for each in release.double.pods(ALL[0]):
        each["spec"]["nodeName"] = "well"
    release.behaviour = lambda _: None
    assert release.run() == 4
    spec = release.double.job("al-voc-tiny-s0-r0-select-2")["spec"]["template"]["spec"]
    assert "affinity" not in spec


# Logs


def test_logs_of_pods_that_ended_are_kept(release: Release) -> None:
    """Logs of failed pods are kept, too, before the driver acts on the Job's end."""
    release.behaviour = once(Exit(75, log="no luck\n"))
    release.run()
    ref = release.ref("select")
    first, second = (pod["metadata"]["name"] for pod in release.double.pods(ALL[0]))
    assert release.store.read(ref.log(first)) == b"no luck\n"
    assert not release.store.exists(ref.log(second))  # it said nothing


# Faults

FAULTS = {
    "429": faults.THROTTLED,
    "500": faults.INTERNAL,
    "503": faults.UNAVAILABLE,
    "500 after its effect": faults.INTERNAL_AFTER,
    "504 after its effect": faults.GATEWAY_TIMEOUT_AFTER,
    "410 of a page": faults.EXPIRED,
    "reset": faults.RESET,
    "lost answer": faults.LOST,
    "hang": faults.HANG,
    "hang after its effect": faults.HANG_AFTER,
}


OFTEN = ("500", "lost answer", "410 of a page")


@pytest.mark.parametrize(
    "name",
    [name if name in OFTEN else pytest.param(name, marks=pytest.mark.slow) for name in FAULTS],
)
def test_a_fault_at_any_call_changes_nothing(release: Release, name: str) -> None:
    """With one fault at each call in turn, every Job is created once and every stage runs once."""
    release.double.page_size = 1
    release.run()
    undisturbed, num_requests = list(release.ran), len(release.double.requests)
    assert num_requests > 20
    for number in range(num_requests):
        _forget(release)
        release.double.plan = faults.at(len(release.double.requests) + number, FAULTS[name])
        assert release.run() == 4
        assert release.double.created == ALL
        assert release.ran == undisturbed
    assert release.double.orphaned == []


def _forget(release: Release) -> None:
    """Go back to the state in which no stage has run."""
    for key in list(release.store.list("")):
        release.store.delete(key)
    release.double.world.jobs.clear()
    release.double.world.pods.clear()
    release.double.created.clear()
    release.ran.clear()


def test_an_outage_is_waited_for(release: Release, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cluster may be away for minutes, which is longer than all retries of a call."""
    release.double.plan = faults.sequence([None, *[faults.RESET] * 12])
    assert release.run() == 4
    assert release.double.created == ALL
    monkeypatch.setattr(started, "SECONDS_OF_OUTAGE", 0.0)
    _forget(release)
    release.double.plan = faults.sequence([None, *[faults.RESET] * 1000])
    with pytest.raises(TemporaryError, match="the cluster does not answer"):
        release.run()


def test_a_refusal_may_be_temporary(release: Release) -> None:
    """An API server that has just started may not know the roles yet."""
    forbidden = faults.Fault(403)
    release.double.plan = faults.sequence([None, forbidden])
    assert release.run() == 4


def test_an_invalid_job_is_a_matter_of_configuration(release: Release) -> None:
    """The API's words name the field, and the call is not retried."""
    invalid = faults.Fault(422)
    release.double.plan = lambda request: invalid if request.verb == "POST" else None
    with pytest.raises(ConfigError, match="Required value"):
        release.run()
    assert release.double.counts["POST /apis/batch/v1/namespaces/default/jobs"] == 1


def test_a_log_that_cannot_be_read_holds_nothing_up(release: Release) -> None:
    """Its node may be gone, and the stage is done all the same."""
    gone = faults.INTERNAL
    release.double.plan = lambda request: gone if request.path.endswith("/log") else None
    assert release.run() == 4
    assert release.double.created == ALL


def test_a_log_that_the_stage_kept_itself_is_left_alone(release: Release) -> None:
    """The stage's own log is the complete one."""

    def keep(attempt: Attempt) -> Answer | None:
        ref, _ = ref_of(attempt.arguments)
        release.store.write(ref.log(attempt.pod), b"all of it")
        return None

    release.behaviour = keep
    release.run()
    [pod] = [pod["metadata"]["name"] for pod in release.double.pods(ALL[0])]
    assert release.store.read(release.ref("select").log(pod)) == b"all of it"


def test_an_old_job_that_fails_is_followed_by_one_of_the_new_spec(release: Release) -> None:
    """The upgrade may have corrected the cause."""
    release.behaviour = lambda attempt: (
        Running() if attempt.job["spec"]["template"]["spec"].get("hostname") == "old" else None
    )
    _other_job(release)
    release.cluster.jobs("")
    launcher = release.launcher()
    ref = release.ref("select")
    launcher.start(ref)
    launcher._look()  # noqa: SLF001
    release.behaviour = lambda attempt: (
        65 if attempt.job["spec"]["template"]["spec"].get("hostname") == "old" else None
    )
    assert launcher.wait() == [ref]
    assert release.double.created == [ALL[0], "al-voc-tiny-s0-r0-select-2"]


def test_a_name_that_somebody_else_has_is_refused(release: Release) -> None:
    """The message has both hashes, and the Job is neither adopted nor deleted."""
    job = make_job(release.launch, release.config, release.ref("select"), 1)
    for metadata in (job["metadata"], job["spec"]["template"]["metadata"]):
        metadata["labels"]["al-voc/release"] = "other"
    release.behaviour = lambda _: Running()
    job["metadata"]["annotations"][SPEC_HASH] = "0123456789ab"
    release.cluster.create_job(job)
    own = make_job(release.launch, release.config, release.ref("select"), 1)
    with pytest.raises(ConfigError, match="belongs to somebody else") as error:
        release.run()
    assert "0123456789ab" in str(error.value)
    assert own["metadata"]["annotations"][SPEC_HASH] in str(error.value)
    assert release.double.created == ALL[:1]


def test_a_temporary_error_is_left_to_the_next_driver(release: Release) -> None:
    """If the store was away on every attempt, the driver ends with 75, and its Job restarts it."""
    release.behaviour = lambda _: 75
    with pytest.raises(TemporaryError, match="select failed"):
        release.run()
    release.behaviour = lambda _: None
    assert release.run() == 4


def test_trouble_with_one_stage_is_told_and_holds_up_no_other(release: Release, tiny: str) -> None:
    """A refusal that persists is the stage's state, and the other stages run."""
    release.config = loading.parse(tiny, "tiny")
    release.do_until("evaluate")
    refused = [faults.Fault(403)]
    release.double.plan = lambda request: (
        refused.pop() if request.verb == "POST" and refused else None
    )
    release.run()
    assert any("unknown: the cluster refuses" in each for each in published(release))


class Ends(Observer):
    """Writes down which Jobs ended, and how."""

    def __init__(self) -> None:
        self.jobs: list[tuple[str, str, list[int]]] = []

    def job_ended(self, end: JobEnd) -> None:
        self.jobs.append((end.name, end.result, [pod.exit_code for pod in end.pods]))


def test_each_job_that_ends_is_told_once(release: Release) -> None:
    """With its pods, those that failed among them."""
    ends = release.observer = Ends()
    release.behaviour = once(Exit(75))
    release.run()
    first, *others = ends.jobs
    assert (first[0], first[1], sorted(first[2])) == (ALL[0], "done", [0, 75])
    assert others == [(name, "done", [0]) for name in ALL[1:]]


def test_a_job_that_fails_is_told_as_failed(release: Release) -> None:
    """Before the error ends the run."""
    ends = release.observer = Ends()
    release.behaviour = lambda _: Exit(65)
    with pytest.raises(BadDataError):
        release.run()
    assert ends.jobs == [(ALL[0], "failed", [65])]
