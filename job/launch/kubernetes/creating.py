"""What a stage is created as, and whose a name is that is taken."""

from collections.abc import Iterable

from job.config.schema import Config
from job.errors import ConfigError
from job.keys import StageRef
from job.launch.kubernetes.client import Cluster
from job.launch.kubernetes.job_sets import as_job_set
from job.launch.kubernetes.job_spec import (
    is_of_several_nodes,
    make_job,
    prefer_other_nodes,
    set_variable,
    spec_hash_of,
    stage_labels,
)
from job.launch.kubernetes.settings import KubeObject, LaunchConfig
from job.runtime.trace import PARENT, TraceIds


def make(  # noqa: PLR0913 - the parts of a Job
    cluster: Cluster,
    launch: LaunchConfig,
    config: Config,
    ref: StageRef,
    attempt: int,
    *,
    failed_on: Iterable[str] = (),
    trace: TraceIds | None = None,
) -> KubeObject:
    """Return a stage's Job, or its JobSet if several pods do it and the cluster has JobSets.

    Args:
        cluster: Where it is to run.
        launch: How Jobs look.
        config: The experiment.
        ref: The stage.
        attempt: Which of the stage's Jobs this is, from 1.
        failed_on: Nodes on which earlier attempts failed. Others are preferred.
        trace: The experiment's, if it has one: the pods are told that they are part of it.
    """
    job = make_job(launch, config, ref, attempt)
    prefer_other_nodes(job, failed_on)
    if trace:
        set_variable(job, PARENT, trace.parent(ref.prefix, attempt))
    if is_of_several_nodes(launch, ref) and cluster.has_job_sets:
        return as_job_set(job, launch)
    return job


def refuse_foreign(cluster: Cluster, launch: LaunchConfig, ref: StageRef, own: KubeObject) -> None:
    """Find out who has the name of a Job or JobSet. If it is this stage, it can be adopted.

    Raises:
        ConfigError: It belongs to another release, or to somebody else.
    """
    wanted = stage_labels(launch, ref).items()
    for job in cluster.named_like(own):
        if wanted <= job["metadata"].get("labels", {}).items():
            continue
        message = (
            f"{ref}: {own['kind']} {own['metadata']['name']} exists already and belongs to "
            f"somebody else (spec hash {spec_hash_of(job)}, this release's is "
            f"{spec_hash_of(own)}): give the release or the experiment another name"
        )
        raise ConfigError(message)
