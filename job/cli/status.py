"""`al-job status` and `al-job logs`: from the store, or from a cluster."""

import time
from collections.abc import Callable, Iterator
from typing import Annotated

import typer
from rich.live import Live

from job.artifacts.logs import kept_logs
from job.cli.choose import choose_experiment, choose_stage, refuse_given
from job.cli.options import (
    STATE,
    AnyReleaseOption,
    AnyRoundOption,
    ArmOption,
    ExperimentOption,
    NamespaceOption,
    SeedOption,
    StoreOption,
)
from job.cli.output import out, say, show
from job.cli.status_table import status_table
from job.errors import TemporaryError, UsageError
from job.keys import REPORT, Stage
from job.launch.kubernetes.client import connect
from job.launch.kubernetes.control import read_status
from job.launch.kubernetes.logs import pod_logs
from job.progress import Status, is_over
from job.runtime import log
from job.standing import Progress
from job.storage import open_store
from job.whole import WholeRef

SECONDS_BETWEEN_LOOKS = 3.0


_NEEDS_RELEASE = "a namespace is of a cluster, which is asked about a --release"
_OF_ALL = "the report is of the whole experiment, and has no round, arm or seed: leave it out"
_OF_RELEASE = "with --release the cluster is asked, and no store: leave it out"


def status(
    context: typer.Context,
    experiment: ExperimentOption = None,
    release: AnyReleaseOption = None,
    namespace: NamespaceOption = None,
    *,
    watch: Annotated[
        bool, typer.Option("--watch", help="Refresh until the experiment has ended.")
    ] = False,
    store: StoreOption = STATE,
) -> None:
    """Show where every seed, arm and round of an experiment is."""
    if release:
        refuse_given(context, "experiment", "store", why=_OF_RELEASE)
    else:
        refuse_given(context, "namespace", why=_NEEDS_RELEASE)
    read = _reader(experiment, release, namespace, store)
    if not watch:
        show(status_table(read()))
    elif out.is_terminal:
        with Live(console=out, auto_refresh=False) as live:
            for each in _until_over(read):
                live.update(status_table(each), refresh=True)
    else:
        before = None
        for each in _until_over(read):
            told = (each.rounds, each.driver and (each.driver.phase, each.driver.message))
            if told != before:
                show(status_table(each))
            before = told


def _reader(
    experiment: str | None, release: str | None, namespace: str | None, store: str
) -> Callable[[], Status]:
    """Return a function that reads the status, from the cluster if a release is named."""
    if release:
        cluster = connect(namespace)
        return lambda: read_status(cluster, release)
    opened = open_store(store)
    plan = choose_experiment(opened, experiment, read_only=True)
    return Progress(opened, plan).look


def _until_over(read: Callable[[], Status]) -> Iterator[Status]:
    while True:
        try:
            status = read()
        except TemporaryError as error:  # the store may come back, the driver may be starting
            log.get().warning("status.waits", reason=str(error))
        else:
            yield status
            if is_over(status):
                return
        time.sleep(SECONDS_BETWEEN_LOOKS)


def logs(
    context: typer.Context,
    stage: Annotated[Stage, typer.Argument(metavar="STAGE", help="The stage, such as train.")],
    round_name: AnyRoundOption = None,
    experiment: ExperimentOption = None,
    arm: ArmOption = None,
    seed: SeedOption = None,
    release: AnyReleaseOption = None,
    namespace: NamespaceOption = None,
    store: StoreOption = STATE,
) -> None:
    """Show the logs of a stage's attempts, from the store or, with --release, from its pods."""
    if round_name is None and stage != REPORT:
        message = f"--round: which round of {stage}?"
        raise UsageError(message)
    if stage == REPORT:
        refuse_given(context, "round_name", "arm", "seed", why=_OF_ALL)
    if release:
        refuse_given(context, "store", why=_OF_RELEASE)
        labels = {"experiment": experiment, "arm": arm, "seed": seed}
        given = {name: str(value) for name, value in labels.items() if value is not None}
        given |= {"stage": stage, **({"round": round_name} if round_name else {})}
        found = pod_logs(connect(namespace), release, given)
        nothing = "no pod of that stage is in the cluster: its log is in the store (--store)"
    else:
        refuse_given(context, "namespace", why=_NEEDS_RELEASE)
        opened = open_store(store)
        plan = choose_experiment(opened, experiment, read_only=True)
        ref = WholeRef.report(plan.config.experiment)
        if round_name is not None:
            ref = choose_stage(plan, stage, round_name, arm, seed)
        found = kept_logs(opened, ref)
        nothing = f"{opened.url} keeps no log of {ref}: only attempts in a cluster's pods are kept"
    is_empty = True
    for name, text in found:
        is_empty = False
        say(f"==> {name} <==")
        out.out(text.decode(errors="replace"), end="")
    if is_empty:
        raise UsageError(nothing)
