"""`al-job move`: an experiment continues on a later version of its data set."""

from typing import Annotated

import typer

from job.artifacts.experiment_file import load_experiment
from job.artifacts.moving import Move, find_move, make_move
from job.cli.cleaning import NameArgument
from job.cli.options import STATE, StoreOption
from job.cli.output import say
from job.driven import refuse_while_driven
from job.plan import Plan
from job.report.wording import counted
from job.storage import open_store

_HARM = "what is at work on the earlier version is then done again"


def move(
    experiment: NameArgument,
    store: StoreOption = STATE,
    dataset_version: Annotated[
        int | None,
        typer.Option("--dataset-version", min=1, help="The version; unset: the latest."),
    ] = None,
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say from which round on, and change nothing.")
    ] = False,
    force: Annotated[
        bool,
        typer.Option("--force", help=f"Even while a driver or its stages seem at work: {_HARM}."),
    ] = False,
) -> None:
    """Move an experiment to a later version of its data set, from the next round on.

    All that is done stays as it is: no stage runs again.
    """
    opened = open_store(store)
    plan = Plan(load_experiment(opened, experiment, read_only=dry_run))
    if not force and not dry_run:
        refuse_while_driven(opened, experiment, _HARM)
    found = find_move(opened, plan, dataset_version)
    if not dry_run:
        make_move(opened, plan, found)
    say(f"{experiment}: {'would use' if dry_run else 'uses'} {_summary(found)}")


def _summary(move: Move) -> str:
    """Return what the experiment uses from then on, and what is new in it."""
    before, after = move.before, move.after
    images = after.info("pool").num_images - before.info("pool").num_images
    given = len(after.given_ids()) - len(before.given_ids())
    earlier = {each: label.to_json() for each, label in before.corrections().items()}
    labels = sum(
        earlier.get(each) != label.to_json() for each, label in after.corrections().items()
    )
    news = [f"{counted(images, 'image')} more in the pool"] * bool(images or not labels)
    news += [f"{given} of them with labels"] * bool(given)
    news += [f"{counted(labels, 'label')} added or corrected"] * bool(labels)
    since = f"from round {move.from_round} on" if move.from_round else "in all of its rounds"
    return (
        f"version {after.version} of data set {after.manifest.name!r} {since}, instead of version "
        f"{before.version}: {', '.join(news)}"
    )
