"""The Job controller, the scheduler and the kubelet in one, a step at a time."""

from collections import Counter
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.unit.launch.kubernetes.double import jobs, pods, scenarios
from tests.unit.launch.kubernetes.double.refusals import JOBS, PODS, Json
from tests.unit.launch.kubernetes.double.scenarios import Answer, Attempt, Behaviour
from tests.unit.launch.kubernetes.double.verdict import verdict_of
from tests.unit.launch.kubernetes.double.world import World

REACHED = ("CompletionsReached", "Reached expected number of succeeded pods")
OVER_LIMIT = ("BackoffLimitExceeded", "Job has reached the specified backoff limit")
FAILED_INDEXES = ("FailedIndexes", "Job has failed indexes")


@dataclass
class Tally:
    """What a Job's ended pods amounted to; pods that are gone count on."""

    failed: int = 0
    succeeded: int = 0
    counted: set[str] = field(default_factory=set)
    failures: Counter[int | None] = field(default_factory=Counter)
    """Failed pods of each completion index."""
    done: set[int | None] = field(default_factory=set)
    given_up: set[int | None] = field(default_factory=set)


class Inline(Executor):
    """Runs what is submitted at once."""

    def submit(self, fn, /, *arguments, **options):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN002, ANN003, ANN201 - as in Executor
        """Run it, and return its future."""
        future: Future[Answer] = Future()
        try:
            future.set_result(fn(*arguments, **options))
        except Exception as error:  # noqa: BLE001 - as any executor does
            future.set_exception(error)
        return future


class Controller:
    """Takes all Jobs a step further at each tick.

    A Job gets its pods at one tick; at the next one they are asked for what becomes of them, and
    are counted.

    Attributes:
        behaviour: What becomes of pods.
        forbidden: Why no pods can be created (quota), if so.
        errors: What a behaviour raised; its pod ends as a bug does, with exit code 1.
    """

    def __init__(self, world: World, behaviour: Behaviour, executor: Executor | None) -> None:
        self.world = world
        self.behaviour = behaviour
        self.forbidden: str | None = None
        self.errors: list[BaseException] = []
        self._executor = executor or Inline()
        self._tallies: dict[str, Tally] = {}
        self._asked: dict[str, Future[Answer]] = {}
        self._num_pods = 0

    def tick(self) -> None:
        """Take a step."""
        self._collect_garbage()
        for job in list(self.world.jobs.values()):
            if not jobs.is_finished(job) and "deletionTimestamp" not in job["metadata"]:
                self._sync(job)

    def _collect_garbage(self) -> None:
        """Remove pods of Jobs that are gone, then Jobs that waited for it, and old ones."""
        world = self.world
        for key, job in list(world.jobs.items()):
            if "deletionTimestamp" in job["metadata"] or self._is_old(job):
                del world.jobs[key]
        uids = {job["metadata"]["uid"] for job in world.jobs.values()}
        for key, pod in list(world.pods.items()):
            owners = {owner["uid"] for owner in pod["metadata"].get("ownerReferences", [])}
            if owners and not owners & uids:
                del world.pods[key]

    def _is_old(self, job: Json) -> bool:
        keep = job["spec"].get("ttlSecondsAfterFinished")
        end = jobs.condition(job, "Complete") or jobs.condition(job, "Failed")
        if keep is None or end is None:
            return False
        ended = datetime.fromisoformat(end["lastTransitionTime"])
        return self.world.clock() >= ended + timedelta(seconds=keep)

    def _sync(self, job: Json) -> None:
        tally = self._tallies.setdefault(job["metadata"]["uid"], Tally())
        if job["spec"]["suspend"]:
            self._suspend(job)
        else:
            self._resume(job)
            for pod in self.world.pods_of(job):
                self._run(job, pod, tally)
            for pod in self.world.pods_of(job):
                self._count(job, pod, tally)
            self._conclude(job, tally)
        self._write_status(job, tally)

    def _run(self, job: Json, pod: Json, tally: Tally) -> None:
        """Ask what becomes of a pod, and show that once it is known."""
        uid = pod["metadata"]["uid"]
        if pods.is_over(pod):
            return
        if uid not in self._asked:
            index, name = pods.index_of(pod), pod["metadata"]["name"]
            attempt = Attempt(job, index, name, tally.failures[index])
            self._asked[uid] = self._executor.submit(self.behaviour, attempt)
            if not self._asked[uid].done():
                pods.show(pod, scenarios.Running(), self.world.stamp())
        if not self._asked[uid].done():
            return
        asked = self._asked.pop(uid)
        error = asked.exception()
        if error is not None:
            self.errors.append(error)
        self.show(pod, 1 if error is not None else asked.result())

    def show(self, pod: Json, answer: Answer) -> None:
        """Let something become of a pod."""
        pods.show(pod, answer, self.world.stamp())
        if isinstance(answer, scenarios.Exit | scenarios.Running):
            self.world.logs[pod["metadata"]["uid"]] = answer.log
        told = pods.event_of(pod, answer)
        if told:
            self.world.tell(pod, PODS, *told)
        self.world.touch(pod)

    def _count(self, job: Json, pod: Json, tally: Tally) -> None:
        """Count a pod that has ended; one that was deleted goes then."""
        metadata, index = pod["metadata"], pods.index_of(pod)
        if not pods.is_over(pod) or metadata["uid"] in tally.counted:
            return
        tally.counted.add(metadata["uid"])
        metadata.pop("finalizers", None)
        if pod["status"]["phase"] == "Succeeded":
            tally.succeeded += 1
            tally.done.add(index)
        else:
            self._count_failure(job, pod, tally)
        if "deletionTimestamp" in metadata:
            del self.world.pods[metadata["namespace"], metadata["name"]]

    def _count_failure(self, job: Json, pod: Json, tally: Tally) -> None:
        verdict, index = verdict_of(job, pod), pods.index_of(pod)
        if verdict.action == "Ignore":
            return
        tally.failed += 1
        tally.failures[index] += 1
        limit = job["spec"].get("backoffLimitPerIndex")
        if verdict.action == "FailIndex" or (limit is not None and tally.failures[index] > limit):
            tally.given_up.add(index)
        if verdict.action == "FailJob" and not jobs.is_finished(job):
            self._finish(job, "Failed", ("PodFailurePolicy", verdict.message))

    def _conclude(self, job: Json, tally: Tally) -> None:
        """End the Job, or let it have the pods it lacks."""
        spec = job["spec"]
        indexed = spec["completionMode"] == "Indexed"
        num_done = len(tally.done) if indexed else tally.succeeded
        if jobs.is_finished(job):
            return
        if tally.failed > spec["backoffLimit"]:
            self._finish(job, "Failed", OVER_LIMIT)
        elif num_done >= spec["completions"]:
            self._finish(job, "Complete", REACHED)
        elif tally.given_up and num_done + len(tally.given_up) >= spec["completions"]:
            self._finish(job, "Failed", FAILED_INDEXES)
        else:
            self._create_pods(job, tally, spec["completions"] - num_done)

    def _create_pods(self, job: Json, tally: Tally, num_missing: int) -> None:
        active = [pod for pod in self.world.pods_of(job) if not pods.is_over(pod)]
        wanted: list[int | None] = [None] * (num_missing - len(active))
        if job["spec"]["completionMode"] == "Indexed":
            busy = {pods.index_of(pod) for pod in active} | tally.done | tally.given_up
            wanted = [index for index in range(job["spec"]["completions"]) if index not in busy]
        for index in wanted[: max(0, job["spec"]["parallelism"] - len(active))]:
            failures = tally.failures[index]
            pod = pods.new_pod(job, index, self._num_pods, failures)
            self._num_pods += 1
            name = pod["metadata"]["name"]
            if self.forbidden is not None:
                message = f'Error creating: pods "{name}" is forbidden: {self.forbidden}'
                self._tell(job, "FailedCreate", message)
                return
            self.world.add(PODS, job["metadata"]["namespace"], pod)
            self._tell(job, "SuccessfulCreate", f"Created pod: {name}")

    def _suspend(self, job: Json) -> None:
        condition = jobs.condition(job, "Suspended")
        if condition is None or condition["status"] == "False":
            words = ("JobSuspended", "Job suspended")
            jobs.set_condition(job, "Suspended", "True", words, self.world.stamp())
            self._remove_active(job)
            job["status"].pop("startTime", None)
            self._tell(job, "Suspended", "Job suspended")

    def _resume(self, job: Json) -> None:
        condition = jobs.condition(job, "Suspended")
        if condition is not None and condition["status"] == "True":
            words = ("JobResumed", "Job resumed")
            jobs.set_condition(job, "Suspended", "False", words, self.world.stamp())
            self._tell(job, "Resumed", "Job resumed")
        job["status"].setdefault("startTime", self.world.stamp())

    def _finish(self, job: Json, how: str, words: tuple[str, str]) -> None:
        now = self.world.stamp()
        first = "SuccessCriteriaMet" if how == "Complete" else "FailureTarget"
        for name in (first, how):
            jobs.set_condition(job, name, "True", words, now)
        if how == "Complete":
            job["status"]["completionTime"] = now
            self._tell(job, "Completed", "Job completed")
        else:
            self._tell(job, *words)
        self._remove_active(job)

    def _remove_active(self, job: Json) -> None:
        for pod in self.world.pods_of(job):
            if not pods.is_over(pod):
                del self.world.pods[pod["metadata"]["namespace"], pod["metadata"]["name"]]

    def _write_status(self, job: Json, tally: Tally) -> None:
        spec, before = job["spec"], dict(job["status"])
        active = [pod for pod in self.world.pods_of(job) if not pods.is_over(pod)]
        status = job["status"]
        for key, number in {
            "active": len(active),
            "failed": tally.failed,
            "succeeded": tally.succeeded,
        }.items():
            status.pop(key, None)
            status |= {key: number} if number else {}
        ready = sum(pod["status"]["phase"] == "Running" for pod in active)
        status |= {"ready": ready, "terminating": 0, "uncountedTerminatedPods": {}}
        if spec["completionMode"] == "Indexed" and tally.done:
            status["completedIndexes"] = jobs.ranges(i for i in tally.done if i is not None)
        if "backoffLimitPerIndex" in spec:
            status["failedIndexes"] = jobs.ranges(i for i in tally.given_up if i is not None)
        if status != before:
            self.world.touch(job)

    def _tell(self, job: Json, reason: str, message: str) -> None:
        self.world.tell(job, JOBS, reason, message, "job-controller")
