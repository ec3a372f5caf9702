"""One look at the Jobs and pods of a release's stages: two requests, however many stages run.

JobSets are one more, for a release that makes them or may have some of earlier values.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator
from typing import Self

from job.keys import StageRef
from job.launch.kubernetes.client import Cluster
from job.launch.kubernetes.job_sets import NAME_LABEL
from job.launch.kubernetes.job_spec import stage_labels
from job.launch.kubernetes.refusals import DeniedError
from job.launch.kubernetes.settings import KubeObject, LaunchConfig

_PLACE = tuple(f"al-voc/{name}" for name in ("experiment", "seed", "arm", "round", "stage"))
"""The labels that say which stage a Job or a pod is of."""
_POD_STATUS = (
    "phase", "reason", "message", "conditions", "startTime",
    "initContainerStatuses", "containerStatuses",
)  # fmt: skip
_Place = tuple[str | None, ...]


class Look:
    """The Jobs and pods of some stages, as of one moment."""

    def __init__(self, launch: LaunchConfig) -> None:
        self._launch = launch
        self._jobs: dict[_Place, dict[str, KubeObject]] = defaultdict(dict)
        self._pods: dict[_Place, dict[str, KubeObject]] = defaultdict(dict)
        self.may_have_sets = launch.train_nodes > 1
        """Whether the next look has to list JobSets: values or what is there have some."""

    @classmethod
    def at(
        cls,
        cluster: Cluster,
        launch: LaunchConfig,
        stages: Collection[StageRef] | None = None,
        *,
        with_sets: bool = True,
    ) -> Self:
        """Look at stages of a release. Pods are listed last: a Job that ended has all of its own.

        Args:
            cluster: Where they are.
            launch: The release.
            stages: Which of its stages; unset: all.
            with_sets: Whether JobSets are listed, too: those of earlier values count as well.

        Raises:
            TemporaryError: The cluster does not answer.
            DeniedError: It does not allow this.
        """
        look = cls(launch)
        wanted = None if stages is None else {_place(stage_labels(launch, ref)) for ref in stages}
        selector = f"al-voc/release={launch.release},al-voc/stage"
        sets = _sets(cluster, launch, selector) if with_sets else []
        look.may_have_sets |= bool(sets)
        for job in [*cluster.jobs(selector), *sets]:
            place = _place(job["metadata"]["labels"])
            if wanted is None or place in wanted:
                look._jobs[place][job["metadata"]["name"]] = _slim_job(job)
        for pod in cluster.pods(selector):
            look.may_have_sets |= NAME_LABEL in pod["metadata"]["labels"]
            place = _place(pod["metadata"]["labels"])
            if wanted is None or place in wanted:
                look._pods[place][pod["metadata"]["name"]] = _slim_pod(pod)
        return look

    def jobs(self, ref: StageRef) -> list[KubeObject]:
        """Return the Jobs of a stage, whatever the attempt, without their templates."""
        return list(self._jobs[self._place_of(ref)].values())

    def every_job(self) -> Iterator[KubeObject]:
        """Yield the Jobs of all stages that were looked at."""
        for jobs in self._jobs.values():
            yield from jobs.values()

    def pods(self, ref: StageRef, job: KubeObject | None = None) -> list[KubeObject]:
        """Return the pods of a stage, or of one of its Jobs: what names them, and their status."""
        pods = self._pods[self._place_of(ref)].values()
        if job is None:
            return list(pods)
        name = job["metadata"]["name"]
        return [pod for pod in pods if _owner_of(pod) == name]

    def _place_of(self, ref: StageRef) -> _Place:
        return _place(stage_labels(self._launch, ref))


def _sets(cluster: Cluster, launch: LaunchConfig, selector: str) -> list[KubeObject]:
    """Return a release's JobSets. Who makes none needs no right to see them.

    Raises:
        TemporaryError: The cluster does not answer.
        DeniedError: It does not allow this.
    """
    try:
        return cluster.job_sets(selector)
    except DeniedError:
        if launch.train_nodes > 1:
            raise
        return []


_JOB_NAME = "batch.kubernetes.io/job-name"


def _owner_of(pod: KubeObject) -> str | None:
    """Return the name of a pod's Job, or of its JobSet; a workflow's pod has neither."""
    labels: dict[str, str] = pod["metadata"]["labels"]
    return labels.get(NAME_LABEL) or labels.get(_JOB_NAME)


def _place(labels: dict[str, str]) -> _Place:
    return tuple(labels.get(name) for name in _PLACE)


def _slim_job(job: KubeObject) -> KubeObject:
    """Return a Job without what a look does not need: most of its bytes."""
    spec = {name: value for name, value in job["spec"].items() if name != "template"}
    kind = job.get("kind", "Job")
    return {"kind": kind, "metadata": _slim_metadata(job), "spec": spec, "status": job["status"]}


def _slim_pod(pod: KubeObject) -> KubeObject:
    spec = {name: pod["spec"][name] for name in ("nodeName",) if name in pod["spec"]}
    status = {name: pod["status"][name] for name in _POD_STATUS if name in pod["status"]}
    return {"metadata": _slim_metadata(pod), "spec": spec, "status": status}


def _slim_metadata(item: KubeObject) -> KubeObject:
    left_out = {"managedFields", "ownerReferences"}
    return {name: value for name, value in item["metadata"].items() if name not in left_out}
