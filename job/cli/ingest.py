"""`al-job ingest`: bringing in a data set."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from job.cli.lazy import lazy
from job.cli.options import STATE, StoreOption, out
from job.storage import open_store

if TYPE_CHECKING:
    from job.config import experiment as configuration
    from job.data.formats import base as source
    from job.data.formats import coco, synthetic, voc
    from job.data.formats import voc_download as download
    from job.data.ingest import ingest
else:
    configuration, ingest = lazy("job.config.experiment"), lazy("job.data.ingest.ingest")
    coco, download = lazy("job.data.formats.coco"), lazy("job.data.formats.voc_download")
    synthetic, voc = lazy("job.data.formats.synthetic"), lazy("job.data.formats.voc")

app = typer.Typer(help="Turn a source into datasets/NAME.", no_args_is_help=True)

NameOption = Annotated[str, typer.Option("--name", help="The data set's name in the store.")]
SkipBadOption = Annotated[
    bool, typer.Option("--skip-bad", help="List bad images and boxes and leave them out.")
]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Print the summary, write nothing.")]


@app.command("voc")
def ingest_voc(
    root: Annotated[Path, typer.Option(help="Holds JPEGImages, Annotations and ImageSets.")],
    pool: Annotated[str, typer.Option(help="Such as train, or 2007/trainval+2012/trainval.")],
    test: Annotated[str, typer.Option(help="Such as test, or 2007/test.")],
    name: NameOption,
    *,
    fetch: Annotated[bool, typer.Option("--download", help="Fetch the archives.")] = False,
    skip_bad: SkipBadOption = False,
    dry_run: DryRunOption = False,
    store: StoreOption = STATE,
) -> None:
    """Ingest a data set in Pascal VOC's layout."""
    if fetch:
        download.download_voc(root, pool, test)
    _ingest(store, voc.VocSource(root, pool, test), name, skip_bad=skip_bad, dry_run=dry_run)


@app.command("coco")
def ingest_coco(
    pool_images: Annotated[Path, typer.Option(help="A folder.")],
    pool_annotations: Annotated[Path, typer.Option(help="A JSON file of instances.")],
    test_images: Annotated[Path, typer.Option(help="A folder.")],
    test_annotations: Annotated[Path, typer.Option(help="A JSON file of instances.")],
    name: NameOption,
    *,
    skip_bad: SkipBadOption = False,
    dry_run: DryRunOption = False,
    store: StoreOption = STATE,
) -> None:
    """Ingest a data set in COCO's layout."""
    given = coco.CocoSource(pool_images, pool_annotations, test_images, test_annotations)
    _ingest(store, given, name, skip_bad=skip_bad, dry_run=dry_run)


@app.command("synthetic")
def ingest_synthetic(
    name: NameOption,
    num_pool: Annotated[int, typer.Option(min=1, help="Images of the pool.")] = 400,
    num_test: Annotated[int, typer.Option(min=1, help="Images of the test set.")] = 200,
    size: Annotated[int, typer.Option(min=32, help="Width and height, in pixels.")] = 96,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    *,
    dry_run: DryRunOption = False,
    store: StoreOption = STATE,
) -> None:
    """Draw a data set."""
    settings = configuration.SyntheticConfig(
        num_pool=num_pool, num_test=num_test, size=size, seed=seed
    )
    _ingest(store, synthetic.SyntheticSource(settings), name, skip_bad=False, dry_run=dry_run)


def _ingest(
    store: str, given: "source.Source", name: str, *, skip_bad: bool, dry_run: bool
) -> None:
    summary = ingest.ingest(open_store(store), given, name, skip_bad=skip_bad, dry_run=dry_run)
    out.print("\n".join(summary.lines()), markup=False, soft_wrap=True)
