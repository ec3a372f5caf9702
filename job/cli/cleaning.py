"""`al-job delete` and `al-job prune`: making room in a store."""

from typing import Annotated

import typer

from job.artifacts.delete import delete_experiment, objects_of
from job.artifacts.experiment_file import load_experiment
from job.artifacts.prune import Prunable, find_prunable, prune_objects
from job.cli.options import STATE, StoreOption
from job.cli.output import say
from job.driven import refuse_while_driven
from job.errors import UsageError
from job.plan import Plan
from job.storage import open_store

NameArgument = Annotated[str, typer.Argument(metavar="EXPERIMENT", help="The experiment's name.")]
ForceOption = Annotated[
    bool,
    typer.Option(
        "--force",
        help="Even while a driver or its stages seem to be at work: they may write into what was "
        "removed.",
    ),
]


def delete(
    experiment: NameArgument,
    store: StoreOption = STATE,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    force: ForceOption = False,
) -> None:
    """Delete an experiment with all of its models and results. Its data set stays."""
    opened = open_store(store)
    sizes = objects_of(opened, experiment)
    if not force:
        refuse_while_driven(opened, experiment)
    what = f"{experiment}: {len(sizes)} objects, {_size(sum(sizes.values()))}"
    if not yes and not _is_confirmed(f"{what}, in {opened.url}. Delete all of it?"):
        message = "nothing was deleted; --yes deletes without asking"
        raise UsageError(message)
    delete_experiment(opened, experiment)
    say(f"{what}: deleted")


def _is_confirmed(question: str) -> bool:
    try:
        return typer.confirm(question)
    except typer.Abort:  # nobody is there to answer
        typer.echo()  # the error has a line of its own
        return False


def prune(
    experiment: NameArgument,
    store: StoreOption = STATE,
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="List what would go, and remove nothing.")
    ] = False,
    force: ForceOption = False,
) -> None:
    """Remove models that nothing needs any more, checkpoints and orphans of finished stages.

    Each arm's last model and each seed's first stay. Results and reports stay as they are.
    """
    opened = open_store(store)
    plan = Plan(load_experiment(opened, experiment, read_only=dry_run))
    if not force and not dry_run:
        refuse_while_driven(opened, experiment)
    found = find_prunable(opened, plan)
    if dry_run:
        for each in found:
            say(f"{_size(each.num_bytes):>9}  {each.key}")
    else:
        prune_objects(opened, experiment, found)
    say(f"{experiment}: {_summary(found)} {'would go' if dry_run else 'removed'}")


def _summary(found: list[Prunable]) -> str:
    parts = []
    for kind in ("models", "checkpoints", "orphans"):
        sizes = [each.num_bytes for each in found if each.kind == kind]
        parts.append(f"{len(sizes)} {kind} ({_size(sum(sizes))})")
    return ", ".join(parts)


def _size(num_bytes: int) -> str:
    """Return a size for people, in decimal units."""
    size, units = float(num_bytes), ["bytes", "kB", "MB", "GB"]
    while size >= 1000 and len(units) > 1:  # noqa: PLR2004 - the step of decimal units
        size, units = size / 1000, units[1:]
    return f"{num_bytes} bytes" if units[0] == "bytes" else f"{size:.1f} {units[0]}"
