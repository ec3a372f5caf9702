"""The Job controller, the scheduler and the kubelet in one, a step at a time."""

from collections import Counter
from dataclasses import dataclass, field

from tests.unit.launch.kubernetes.double import pods
from tests.unit.launch.kubernetes.double.scenarios import (
    Answer,
    Attempt,
    Behaviour,
    Exit,
    Outlived,
    Running,
)
from tests.unit.launch.kubernetes.double.world import Json, World, now

REACHED = ("CompletionsReached", "Reached expected number of succeeded pods")
OVER_LIMIT = ("BackoffLimitExceeded", "Job has reached the specified backoff limit")
TOO_MANY_INDEXES = (
    "MaxFailedIndexesExceeded",
    "Job has exceeded the specified maximal number of failed indexes",
)
FAILED_INDEXES = ("FailedIndexes", "Job has failed indexes")


@dataclass
class Tally:
    """What a Job's ended pods amounted to. Deleted pods still count."""

    failed: int = 0
    succeeded: int = 0
    counted: set[str] = field(default_factory=set)
    failures: Counter[int | None] = field(default_factory=Counter)
    """Failed pods of each completion index."""
    done: set[int | None] = field(default_factory=set)
    given_up: set[int | None] = field(default_factory=set)


class Controller:
    """Takes all Jobs a step further at each tick.

    A Job gets its pods at one tick. At the next tick the behaviour is asked what becomes of them,
    and they are counted.

    Attributes:
        behaviour: Says what becomes of pods.
        forbidden: Why no pods can be created (a quota), if so.
    """

    def __init__(self, world: World, behaviour: Behaviour) -> None:
        self.world = world
        self.behaviour = behaviour
        self.forbidden: str | None = None
        self._tallies: dict[str, Tally] = {}
        self._num_pods = 0

    def tick(self) -> None:
        """Take a step."""
        self.world.collect_garbage()
        for job in list(self.world.jobs.values()):
            if not job["status"].get("conditions"):
                self._sync(job)

    def show(self, pod: Json, answer: Answer) -> None:
        """Let something become of a pod."""
        if isinstance(answer, Exit | Running | Outlived):
            self.world.logs[pod["metadata"]["uid"]] = answer.log
        if event := pods.show(pod, answer):
            self.world.tell("Pod", pod, *event)

    def _sync(self, job: Json) -> None:
        tally = self._tallies.setdefault(job["metadata"]["uid"], Tally())
        if job["spec"]["suspend"]:
            self._remove_active(job)
            return
        for pod in self.world.pods_of(job):
            self._run(job, pod, tally)
        for pod in self.world.pods_of(job):
            self._count(job, pod, tally)
        self._conclude(job, tally)
        job["status"] |= {"failed": tally.failed, "succeeded": tally.succeeded}
        phases = [pod["status"]["phase"] for pod in self.world.pods_of(job)]
        active = sum(phase in {"Pending", "Running"} for phase in phases)
        job["status"] |= {"active": active, "ready": phases.count("Running")}

    def _run(self, job: Json, pod: Json, tally: Tally) -> None:
        if not pods.is_over(pod):
            index = pods.index_of(pod)
            attempt = Attempt(job, index, pod["metadata"]["name"], tally.failures[index])
            self.show(pod, self.behaviour(attempt))

    def _count(self, job: Json, pod: Json, tally: Tally) -> None:
        uid, index = pod["metadata"]["uid"], pods.index_of(pod)
        if not pods.is_over(pod) or uid in tally.counted:
            return
        tally.counted.add(uid)
        if pod["status"]["phase"] == "Succeeded":
            tally.succeeded += 1
            tally.done.add(index)
            return
        action, message = _verdict(job, pod)
        if action == "Ignore":
            return
        tally.failed += 1
        tally.failures[index] += 1
        limit = job["spec"].get("backoffLimitPerIndex")
        if action == "FailIndex" or (limit is not None and tally.failures[index] > limit):
            tally.given_up.add(index)
        if action == "FailJob":
            self._finish(job, "Failed", ("PodFailurePolicy", message))

    def _conclude(self, job: Json, tally: Tally) -> None:
        """End the Job, or create the pods that it lacks."""
        spec = job["spec"]
        num_done = len(tally.done) if _is_indexed(job) else tally.succeeded
        if job["status"].get("conditions"):
            return
        if tally.failed > spec["backoffLimit"]:
            self._finish(job, "Failed", OVER_LIMIT)
        elif num_done >= spec["completions"]:
            self._finish(job, "Complete", REACHED)
        elif len(tally.given_up) > spec.get("maxFailedIndexes", spec["completions"]):
            self._finish(job, "Failed", TOO_MANY_INDEXES)
        elif tally.given_up and num_done + len(tally.given_up) >= spec["completions"]:
            self._finish(job, "Failed", FAILED_INDEXES)
        else:
            self._create_pods(job, tally, spec["completions"] - num_done)

    def _create_pods(self, job: Json, tally: Tally, num_missing: int) -> None:
        active = [pod for pod in self.world.pods_of(job) if not pods.is_over(pod)]
        wanted: list[int | None] = [None] * (num_missing - len(active))
        if _is_indexed(job):
            busy = {pods.index_of(pod) for pod in active} | tally.done | tally.given_up
            wanted = [index for index in range(job["spec"]["completions"]) if index not in busy]
        for index in wanted[: max(0, job["spec"]["parallelism"] - len(active))]:
            pod = pods.new_pod(job, index, self._num_pods)
            self._num_pods += 1
            if self.forbidden is not None:
                message = f'pods "{pod["metadata"]["name"]}" is forbidden: {self.forbidden}'
                self.world.tell("Job", job, "FailedCreate", f"Error creating: {message}")
                return
            self.world.add("pods", pod)

    def _finish(self, job: Json, how: str, words: tuple[str, str]) -> None:
        before = "SuccessCriteriaMet" if how == "Complete" else "FailureTarget"
        job["status"]["conditions"] = [
            {"type": name, "status": "True", "reason": words[0], "message": words[1]}
            for name in (before, how)
        ]
        if how == "Complete":
            job["status"]["completionTime"] = now()
        self._remove_active(job)

    def _remove_active(self, job: Json) -> None:
        for pod in self.world.pods_of(job):
            if not pods.is_over(pod):
                del self.world.pods[pod["metadata"]["name"]]


def _is_indexed(job: Json) -> bool:
    return bool(job["spec"]["completionMode"] == "Indexed")


def _verdict(job: Json, pod: Json) -> tuple[str, str]:
    """Return the action and the message of the first rule of the policy that a failed pod meets."""
    code, conditions = pods.exit_code(pod), pod["status"].get("conditions", [])
    held = {each["type"] for each in conditions if each["status"] == "True"}
    for number, rule in enumerate(job["spec"].get("podFailurePolicy", {}).get("rules", [])):
        end = f"matching {rule['action']} rule at index {number}"
        name = pod["metadata"]["name"]
        if code in rule.get("onExitCodes", {}).get("values", []):
            return rule["action"], f"Container of pod {name} failed with exit code {code} {end}"
        if met := held & {each["type"] for each in rule.get("onPodConditions", [])}:
            return rule["action"], f"Pod {name} has condition {met.pop()} {end}"
    return "Count", ""
