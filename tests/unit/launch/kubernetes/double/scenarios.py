"""What can become of a pod. A test's behaviour returns one of these, or an exit code.

The texts are those of Kubernetes 1.36.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True)
class Attempt:
    """A pod that could run now."""

    job: Json
    index: int | None
    """The completion index of an Indexed Job's pod."""
    pod: str
    """The pod's name, which stages have as AL_ATTEMPT."""
    failures: int
    """How many pods of the Job, or of this index, have failed before."""

    @property
    def arguments(self) -> list[str]:
        """The first container's args, with the completion index put in."""
        container = self.job["spec"]["template"]["spec"]["containers"][0]
        index = "" if self.index is None else str(self.index)
        return [arg.replace("$(JOB_COMPLETION_INDEX)", index) for arg in container.get("args", [])]


@dataclass(frozen=True)
class Exit:
    """The container ends."""

    code: int
    log: str = ""
    reason: str | None = None
    """Why the container ended; unset, Kubernetes says Completed or Error."""
    disrupted: bool = False
    """An eviction ended it, so that it has the condition DisruptionTarget."""


@dataclass(frozen=True)
class Running:
    """The container keeps running; the behaviour is asked again at the next tick."""

    log: str = ""


@dataclass(frozen=True)
class Outlived:
    """The container ends, and one that others have put beside it does not: the pod runs."""

    code: int
    log: str = ""


@dataclass(frozen=True)
class Unschedulable:
    """No node takes the pod."""

    message: str = (
        "0/1 nodes are available: 1 Insufficient nvidia.com/gpu. no new claims to deallocate, "
        "preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling."
    )


@dataclass(frozen=True)
class ImageError:
    """The image cannot be pulled: ErrImagePull at first, ImagePullBackOff from then on."""

    why: str = "dial tcp: lookup registry.invalid: no such host"


@dataclass(frozen=True)
class Waiting:
    """The container cannot be created, for a reason its status shows."""

    reason: str
    message: str


@dataclass(frozen=True)
class MountFailure:
    """A volume is missing. The status says ContainerCreating, and only an event says why."""

    message: str = 'MountVolume.SetUp failed for volume "c" : configmap "missing-cm" not found'


OOM_KILLED = Exit(137, log="Killed\n", reason="OOMKilled")
EVICTED = Exit(75, disrupted=True)
SECRET_MISSING = Waiting("CreateContainerConfigError", 'secret "missing" not found')
QUOTA_EXCEEDED = "exceeded quota: q, requested: pods=1, used: pods=0, limited: pods=0"

Answer = int | Exit | Running | Outlived | Unschedulable | ImageError | Waiting | MountFailure
Behaviour = Callable[[Attempt], Answer]
"""Asked about a pod at each tick until it answers with its end."""
