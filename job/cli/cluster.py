"""`al-job drive` and what steers it: an experiment's stages as Jobs of a Kubernetes cluster."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
import yaml

from job.cli.lazy import lazy
from job.cli.options import (
    STATE,
    ArmOption,
    ConfigArgument,
    ExperimentOption,
    NamespaceOption,
    OnlyArmOption,
    OnlySeedOption,
    RoundOption,
    SeedOption,
    StoreOption,
    out,
)
from job.storage import open_store

if TYPE_CHECKING:
    from job import experiment as experiments
    from job import plan as planning
    from job.cli import choose as choosing
    from job.config import loading as configuration
    from job.report import build as reports
else:
    configuration = lazy("job.config.loading")
    experiments = lazy("job.experiment")
    planning = lazy("job.plan")
    choosing = lazy("job.cli.choose")
    reports = lazy("job.report.build")

# The Kubernetes client is loaded by the commands that need it: `--help` should not wait for it.

LaunchOption = Annotated[
    Path, typer.Option(help="launch.yaml, or the chart's ConfigMap that holds it.")
]
ReleaseOption = Annotated[str, typer.Option("--release", help="The chart's release.")]
RELEASE = "al-voc"

app = typer.Typer()


@app.command()
def drive(
    config: ConfigArgument,
    launch: LaunchOption,
    store: StoreOption = STATE,
    only_arm: OnlyArmOption = None,
    only_seed: OnlySeedOption = None,
) -> None:
    """Run a whole experiment as Jobs in a cluster: what the chart's driver does."""
    from job.driver import drive as run  # noqa: PLC0415
    from job.launch.kubernetes.client import connect  # noqa: PLC0415
    from job.launch.kubernetes.platform import KubernetesPlatform  # noqa: PLC0415
    from job.launch.kubernetes.settings import load_launch  # noqa: PLC0415

    settings = load_launch(launch)
    outcome, rows = run(
        open_store(store),
        configuration.load(config),
        KubernetesPlatform(settings, connect(settings.namespace)),
        planning.Subset(tuple(only_arm or ()), tuple(only_seed or ())),
    )
    out.print(reports.table_of(rows))
    out.print(f"{outcome.plan.config.experiment}: {outcome.num_run} stages run", markup=False)


@app.command()
def render(
    round_index: RoundOption,
    launch: LaunchOption,
    experiment: ExperimentOption = None,
    arm: ArmOption = None,
    seed: SeedOption = None,
    store: StoreOption = STATE,
) -> None:
    """Print a round's Jobs as YAML, in their order, for a sequencer of your own."""
    from job.launch.kubernetes.job_spec import make_job  # noqa: PLC0415
    from job.launch.kubernetes.settings import load_launch  # noqa: PLC0415

    settings = load_launch(launch)
    plan = choosing.choose_experiment(open_store(store), experiment)
    # Asked for one that is not there, it says so.
    choosing.choose_stage(
        plan,
        "select",
        round_index,
        arm or next(iter(plan.config.arms)),
        plan.seeds[0] if seed is None else seed,
    )
    jobs = [
        make_job(settings, plan.config, ref, attempt=1)
        for ref in plan.stages()
        if ref.round.index == round_index
        and (arm is None or ref.round.arm in {arm, None})  # round 0 is of all arms
        and (seed is None or ref.round.seed == seed)
    ]
    typer.echo(yaml.safe_dump_all(jobs, sort_keys=False), nl=False)


@app.command()
def cancel(release: ReleaseOption = RELEASE, namespace: NamespaceOption = None) -> None:
    """Stop a release's driver and the stages that run; what is done stays."""
    from job.launch.kubernetes.client import connect  # noqa: PLC0415
    from job.launch.kubernetes.control import cancel as stop  # noqa: PLC0415

    had_driver, deleted = stop(connect(namespace), release)
    for name in deleted:
        out.print(f"deleted Job {name}", markup=False, soft_wrap=True)
    outcome = "cancelled; `al-job resume` goes on" if had_driver else "its driver had ended before"
    out.print(f"{release}: {outcome}", markup=False, soft_wrap=True)


@app.command()
def resume(release: ReleaseOption = RELEASE, namespace: NamespaceOption = None) -> None:
    """Let the driver of a cancelled release go on."""
    from job.launch.kubernetes.client import connect  # noqa: PLC0415
    from job.launch.kubernetes.control import resume as go_on  # noqa: PLC0415

    go_on(connect(namespace), release)
    out.print(f"{release}: its driver goes on", markup=False, soft_wrap=True)
