"""`al-job drive`, `render`, `cancel` and `resume`: an experiment's stages as Jobs of a cluster."""

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
    RoundOption,
    SeedOption,
    SetOption,
    StoreOption,
)
from job.cli.output import say, say_places
from job.config import loading
from job.driver import drive as drive_experiment
from job.launch.kubernetes import control
from job.launch.kubernetes.client import connect
from job.launch.kubernetes.job_spec import make_job
from job.launch.kubernetes.platform import KubernetesPlatform
from job.launch.kubernetes.settings import load_launch
from job.plan import Subset
from job.runtime.yaml_text import write_yaml
from job.storage import open_store
from job.telemetry.observers import observers_of


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
    num_run = drive_experiment(
        opened,
        loaded,
        KubernetesPlatform(settings, cluster),
        Subset(tuple(only_arm or ()), tuple(only_seed or ())),
        observers_of(settings, cluster, loaded.experiment),
    )
    say(f"{loaded.experiment}: {num_run} stages run")
    say_places(opened, loaded.experiment)


def render(
    round_name: RoundOption,
    launch: LaunchOption,
    experiment: ExperimentOption = None,
    arm: ArmOption = None,
    seed: SeedOption = None,
    store: StoreOption = STATE,
) -> None:
    """Print the Jobs of a round as YAML, each after what it needs, for another orchestrator."""
    settings = load_launch(launch)
    plan = choose_experiment(open_store(store), experiment)
    # An arm, seed or round that is not there is refused.
    longest = max(plan.arms, key=lambda each: each.rounds.stop)
    some_seed = plan.seeds[0] if seed is None else seed
    chosen = choose_stage(plan, "select", round_name, arm or longest.name, some_seed).round
    jobs = [
        make_job(settings, plan.config, ref, attempt=1)
        for ref in plan.stages()
        if ref.round.label == chosen.label
        and (arm is None or ref.round.arm in {arm, None})  # all arms share round 0
        and (seed is None or ref.round.seed in {seed, None})
    ]
    typer.echo(write_yaml(*jobs), nl=False)


def cancel(release: ReleaseOption = RELEASE, namespace: NamespaceOption = None) -> None:
    """Stop the driver and the running stages of a Helm release; finished stages are kept."""
    had_driver, deleted = control.cancel(connect(namespace), release)
    for name in deleted:
        say(f"deleted Job {name}")
    outcome = "cancelled; `al-job resume` resumes it" if had_driver else "the driver had ended"
    say(f"{release}: {outcome}")


def resume(release: ReleaseOption = RELEASE, namespace: NamespaceOption = None) -> None:
    """Resume a release that was cancelled: its driver continues where it was."""
    control.resume(connect(namespace), release)
    say(f"{release}: the driver is resumed")
