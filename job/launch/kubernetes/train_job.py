"""A training as a TrainJob of Kubeflow Trainer v2, for a platform that owns how trainings run.

The platform's runtime starts torchrun's variables, restarts pods and says what a TrainJob has no
field for, such as priority and grace period.
"""

from job.errors import UsageError
from job.keys import StageRef
from job.launch.kubernetes.job_spec import CONTAINER, job_name
from job.launch.kubernetes.settings import KubeObject, LaunchConfig
from job.launch.kubernetes.usage import gpus_of

API_VERSION = "trainer.kubeflow.org/v1alpha1"
MAX_NAME = 47
"""A pod's name, of 63 characters, has `-node-0`, an index below 100, and `-` with five letters."""
_RUNTIME = "torch-distributed"
"""The runtime for PyTorch that Kubeflow installs."""
_NODE = "node"
"""The part of this runtime that trains, and its container."""
_MANAGER = "al-voc"
_COMMAND = ("tini", "--", "python", "-m", "torch.distributed.run", "-m", "job")
"""torchrun takes its options from the runtime's variables, and starts the processes."""
_PLACE = {"JOB_NAME", "RANK", "WORLD_SIZE", "LOCAL_RANK", "MASTER_ADDR", "MASTER_PORT"}
"""Variables of the chart's own way to several pods."""
_POD_FIELDS = (
    "serviceAccountName", "volumes", "imagePullSecrets", "securityContext", "nodeSelector",
    "affinity", "tolerations",
)  # fmt: skip
"""What a TrainJob may say of pods. The rest is the runtime's."""


def as_train_job(job: KubeObject, launch: LaunchConfig, ref: StageRef) -> KubeObject:
    """Return the TrainJob that runs a training's pods.

    Args:
        job: The Job of the training.
        launch: How pods look.
        ref: The training.

    Raises:
        UsageError: The pods need what a TrainJob cannot say.
    """
    pod = job["spec"]["template"]["spec"]
    [container] = [each for each in pod["containers"] if each["name"] == CONTAINER]
    _check(pod, container)
    env = [each for each in container.get("env", ()) if each["name"] not in _PLACE]
    deadline = pod.get("activeDeadlineSeconds")
    return {
        "apiVersion": API_VERSION,
        "kind": "TrainJob",
        "metadata": {**job["metadata"], "name": job_name(launch, ref, 1, MAX_NAME)},
        "spec": {
            "runtimeRef": {"name": _RUNTIME},
            "trainer": {
                "image": container["image"],
                "command": [*_COMMAND],
                "args": container["args"],
                "env": env,
                "numNodes": launch.train_nodes,
                "numProcPerNode": max(gpus_of(job), 1),
                "resourcesPerNode": container.get("resources", {}),
            },
            "runtimePatches": [_patch(job["spec"]["template"], container)],
            **({"activeDeadlineSeconds": deadline} if deadline else {}),
        },
    }


def _check(pod: KubeObject, container: KubeObject) -> None:
    """Refuse what would be lost without a word, and change what the training does."""
    lost = [name for name in ("initContainers", "resourceClaims") if pod.get(name)]
    lost += ["envFrom"] if container.get("envFrom") else []
    lost += ["several containers"] if len(pod["containers"]) > 1 else []
    if lost:
        message = (
            f"--as trainjob: a TrainJob has no place for {', '.join(lost)} of the pods of train: "
            "take it out of the values, and put it into the platform's runtime"
        )
        raise UsageError(message)


def _patch(template: KubeObject, container: KubeObject) -> KubeObject:
    """Return what is added to the runtime's pods."""
    pod = {name: template["spec"][name] for name in _POD_FIELDS if name in template["spec"]}
    names = ("volumeMounts", "securityContext")
    patched = {"name": _NODE} | {name: container[name] for name in names if name in container}
    spec = {"metadata": template["metadata"], "spec": {**pod, "containers": [patched]}}
    job = {"name": _NODE, "template": {"spec": {"template": spec}}}
    return {
        "manager": _MANAGER,
        "trainingRuntimeSpec": {"template": {"spec": {"replicatedJobs": [job]}}},
    }
