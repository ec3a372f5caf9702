"""`al-job drive`, `render`, `cancel` and `resume`: an experiment's stages as Jobs of a cluster."""

from typing import Annotated, Literal

import typer

from job.cli.choose import choose_experiment, choose_stage
from job.cli.options import (
    RELEASE,
    STATE,
    ArmOption,
    ConfigArgument,
    ExperimentOption,
    LaunchOption,
    NamespaceOption,
    OnlyArmOption,
    OnlySeedOption,
    ReleaseOption,
    RenderedRoundOption,
    SeedOption,
    SetOption,
    StoreOption,
)
from job.cli.output import say, say_places
from job.config import loading
from job.driver import drive as drive_experiment
from job.errors import UsageError
from job.keys import StageRef
from job.launch.kubernetes import control
from job.launch.kubernetes.argo import make_workflow
from job.launch.kubernetes.client import connect
from job.launch.kubernetes.job_sets import as_job_set
from job.launch.kubernetes.job_spec import is_of_several_nodes, make_job
from job.launch.kubernetes.platform import KubernetesPlatform
from job.launch.kubernetes.settings import KubeObject, LaunchConfig, load_launch
from job.launch.kubernetes.train_job import as_train_job
from job.plan import Plan, Subset
from job.runtime.trace import TraceIds
from job.runtime.yaml_text import write_yaml
from job.storage import open_store
from job.telemetry.observers import observers_of
from job.tracking.following import Beside
from job.tracking.tracker import trackers_of

Form = Literal["jobs", "jobset", "trainjob", "argo"]
FormOption = Annotated[
    Form,
    typer.Option(
        "--as",
        help="jobs; jobset: a JobSet of each training in several pods; trainjob: a TrainJob of "
        "each training, for Kubeflow Trainer; argo: one Argo workflow.",
    ),
]


def drive(
    config: ConfigArgument,
    launch: LaunchOption,
    store: StoreOption = STATE,
    only_arm: OnlyArmOption = None,
    only_seed: OnlySeedOption = None,
    runtime: SetOption = None,
) -> None:
    """Run an experiment as Jobs of a cluster: this is what the chart's driver does."""
    loaded = loading.load(config)
    settings = load_launch(launch)
    settings = settings.model_copy(update={"runtime": (*settings.runtime, *(runtime or ()))})
    loaded.runtime.changed(settings.runtime, {})  # a mistake is answered now, not by every Job
    opened, cluster = open_store(store), connect(settings.namespace)
    others = observers_of(settings, cluster, TraceIds(opened.url, loaded.experiment))
    with Beside(trackers_of(opened, loaded.experiment, loaded.tracking)) as tracking:
        num_run = drive_experiment(
            opened,
            loaded,
            KubernetesPlatform(settings, cluster),
            Subset(tuple(only_arm or ()), tuple(only_seed or ())),
            [*others, tracking],
        )
    say(f"{loaded.experiment}: {num_run} stages run")
    say_places(opened, loaded.experiment)


def render(
    launch: LaunchOption,
    round_name: RenderedRoundOption = None,
    experiment: ExperimentOption = None,
    arm: ArmOption = None,
    seed: SeedOption = None,
    store: StoreOption = STATE,
    form: FormOption = "jobs",
) -> None:
    """Print the stages of a round as YAML for another orchestrator, each after what it needs.

    `--as argo` prints one workflow of Argo, of all rounds unless one is chosen.
    """
    if round_name is None and form != "argo":
        message = "--round: name the round whose Jobs are to be printed"
        raise UsageError(message)
    settings = load_launch(launch)
    plan = choose_experiment(open_store(store), experiment)
    stages = _rendered(plan, round_name, arm, seed)
    if form == "argo":
        typer.echo(write_yaml(make_workflow(settings, plan, stages)), nl=False)
        return
    typer.echo(write_yaml(*(_one(settings, plan, ref, form) for ref in stages)), nl=False)


def _one(launch: LaunchConfig, plan: Plan, ref: StageRef, form: Form) -> KubeObject:
    """Return a stage's Job, or what does a training instead of it."""
    job = make_job(launch, plan.config, ref, attempt=1)
    if form == "trainjob" and ref.stage == "train":
        return as_train_job(job, launch, ref)
    is_set = form == "jobset" and is_of_several_nodes(launch, ref)
    return as_job_set(job, launch) if is_set else job


def _rendered(
    plan: Plan, round_name: str | None, arm: str | None, seed: int | None
) -> list[StageRef]:
    """Return the stages of a round, or of all, of an arm and a seed, or of all.

    Raises:
        UsageError: There is no such arm, seed or round.
    """
    longest = max(plan.arms, key=lambda each: each.rounds.stop)
    some_seed = plan.seeds[0] if seed is None else seed
    some_round = "0" if round_name is None else round_name
    chosen = choose_stage(plan, "select", some_round, arm or longest.name, some_seed).round
    return [
        ref
        for ref in plan.stages()
        if round_name is None or ref.round.label == chosen.label
        if arm is None or ref.round.arm in {arm, None}  # all arms share round 0
        if seed is None or ref.round.seed in {seed, None}
    ]


def cancel(
    release: ReleaseOption = RELEASE,
    namespace: NamespaceOption = None,
    *,
    force: Annotated[
        bool,
        typer.Option(
            "--force",
            help="Even while the driver does not end. On a node that is only cut off it may start "
            "stages once more, at most three times each.",
        ),
    ] = False,
) -> None:
    """Stop the driver and the running stages of a Helm release; finished stages are kept."""
    had_driver, deleted = control.cancel(connect(namespace), release, force=force)
    for name in deleted:
        say(f"deleted Job {name}")
    outcome = "cancelled; `al-job resume` resumes it" if had_driver else "the driver had ended"
    say(f"{release}: {outcome}")


def resume(release: ReleaseOption = RELEASE, namespace: NamespaceOption = None) -> None:
    """Resume a release that was cancelled: its driver continues where it was."""
    control.resume(connect(namespace), release)
    say(f"{release}: the driver is resumed")
