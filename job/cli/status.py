"""`al-job status` and `al-job logs`: from the store, or from a cluster."""

import time
from typing import TYPE_CHECKING, Annotated

import typer
from rich.live import Live

from job.cli.lazy import lazy
from job.cli.options import (
    STATE,
    ArmOption,
    ExperimentOption,
    NamespaceOption,
    RoundOption,
    SeedOption,
    StoreOption,
    out,
)
from job.errors import TemporaryError, UsageError
from job.keys import Stage
from job.runtime import log
from job.storage import open_store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from job import progress as statuses
    from job.artifacts import logs as stored_logs
    from job.cli import choose as choosing
    from job.cli import status_table as tables
else:
    stored_logs = lazy("job.artifacts.logs")
    tables = lazy("job.cli.status_table")
    choosing = lazy("job.cli.choose")
    statuses = lazy("job.progress")

SECONDS_BETWEEN_LOOKS = 3.0

ReleaseOption = Annotated[
    str | None, typer.Option("--release", help="Ask the cluster about this release of the chart.")
]

app = typer.Typer()


@app.command()
def status(
    experiment: ExperimentOption = None,
    release: ReleaseOption = None,
    namespace: NamespaceOption = None,
    *,
    watch: Annotated[bool, typer.Option("--watch", help="Until it is over.")] = False,
    store: StoreOption = STATE,
) -> None:
    """Show where every seed, arm and round stands."""
    read = _reader(experiment, release, namespace, store)
    if not watch:
        out.print(tables.show(read()))
    elif out.is_terminal:
        with Live(console=out, auto_refresh=False) as live:
            for each in _until_over(read):
                live.update(tables.show(each), refresh=True)
    else:
        before = None
        for each in _until_over(read):
            told = (each.rounds, each.driver and (each.driver.phase, each.driver.message))
            if told != before:
                out.print(tables.show(each))
            before = told


def _reader(
    experiment: str | None, release: str | None, namespace: str | None, store: str
) -> "Callable[[], statuses.Status]":
    """Return what reads the status, from the cluster where a release is named."""
    if release:
        from job.launch.kubernetes.client import connect  # noqa: PLC0415 - it loads the Kubernetes client
        from job.launch.kubernetes.control import read_status  # noqa: PLC0415

        cluster = connect(namespace)
        return lambda: read_status(cluster, release)
    opened = open_store(store)
    plan = choosing.choose_experiment(opened, experiment)
    return lambda: statuses.status_of(opened, plan)


def _until_over(read: "Callable[[], statuses.Status]") -> "Iterator[statuses.Status]":
    while True:
        try:
            status = read()
        except TemporaryError as error:  # it may pass, and the driver may just be starting
            log.get().warning("status.waits", reason=str(error))
        else:
            yield status
            if statuses.is_over(status):
                return
        time.sleep(SECONDS_BETWEEN_LOOKS)


@app.command()
def logs(
    stage: Annotated[Stage, typer.Argument(help="Such as train.")],
    round_index: RoundOption,
    experiment: ExperimentOption = None,
    arm: ArmOption = None,
    seed: SeedOption = None,
    release: ReleaseOption = None,
    namespace: NamespaceOption = None,
    store: StoreOption = STATE,
) -> None:
    """Show the logs of a stage's attempts: kept in the store, or with --release of its pods."""
    if release:
        from job.launch.kubernetes.client import connect  # noqa: PLC0415 - it loads the Kubernetes client
        from job.launch.kubernetes.logs import pod_logs  # noqa: PLC0415

        labels = {"experiment": experiment, "arm": arm, "seed": seed}
        given = {name: str(value) for name, value in labels.items() if value is not None}
        found = pod_logs(
            connect(namespace), release, {"stage": stage, "round": str(round_index)} | given
        )
        nothing = "no pod of that stage is in the cluster: its log is in the store (--store)"
    else:
        opened = open_store(store)
        plan = choosing.choose_experiment(opened, experiment)
        ref = choosing.choose_stage(plan, stage, round_index, arm, seed)
        found = stored_logs.kept_logs(opened, ref)
        nothing = f"{opened.url} keeps no log of {ref}: only attempts in a cluster's pods are kept"
    is_empty = True
    for name, text in found:
        is_empty = False
        out.print(f"==> {name} <==", markup=False, soft_wrap=True)
        out.out(text.decode(errors="replace"), end="")
    if is_empty:
        raise UsageError(nothing)
