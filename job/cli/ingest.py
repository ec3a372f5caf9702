"""`al-job ingest`: bringing in a data set."""

from pathlib import Path
from typing import Annotated

import typer

from job.cli.lazy_command import make_app
from job.cli.options import STATE, StoreOption
from job.cli.output import say
from job.config.experiment import SyntheticConfig
from job.data.formats.base import Source
from job.data.formats.coco import CocoSource
from job.data.formats.synthetic import SyntheticSource
from job.data.formats.voc import VocSource
from job.data.formats.voc_download import download_voc
from job.data.ingest.ingest import ingest
from job.storage import open_store

app = make_app(
    add_completion=False, help="Turn a source of images into the data set datasets/NAME."
)

NameOption = Annotated[str, typer.Option("--name", help="The data set's name in the store.")]
SkipBadOption = Annotated[
    bool, typer.Option("--skip-bad", help="List bad images and boxes, and leave them out.")
]
DryRunOption = Annotated[
    bool, typer.Option("--dry-run", help="Print the summary, and write nothing.")
]


@app.command("voc")
def ingest_voc(
    root: Annotated[Path, typer.Option(help="Holds JPEGImages, Annotations and ImageSets.")],
    pool: Annotated[str, typer.Option(help="Such as train, or 2007/trainval+2012/trainval.")],
    test: Annotated[str, typer.Option(help="Such as test, or 2007/test.")],
    name: NameOption,
    *,
    fetch: Annotated[bool, typer.Option("--download", help="Download the archives.")] = False,
    skip_bad: SkipBadOption = False,
    dry_run: DryRunOption = False,
    store: StoreOption = STATE,
) -> None:
    """Ingest a data set in Pascal VOC's layout."""
    if fetch:
        download_voc(root, pool, test)
    _ingest(store, VocSource(root, pool, test), name, skip_bad=skip_bad, dry_run=dry_run)


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
    source = CocoSource(pool_images, pool_annotations, test_images, test_annotations)
    _ingest(store, source, name, skip_bad=skip_bad, dry_run=dry_run)


@app.command("synthetic")
def ingest_synthetic(
    name: NameOption,
    num_pool: Annotated[int, typer.Option(min=1, help="Images of the pool.")] = 400,
    num_test: Annotated[int, typer.Option(min=1, help="Images of the test set.")] = 200,
    size: Annotated[int, typer.Option(min=32, help="Width and height, in pixels.")] = 96,
    seed: Annotated[int, typer.Option(min=0, help="The seed of the drawing.")] = 0,
    *,
    dry_run: DryRunOption = False,
    store: StoreOption = STATE,
) -> None:
    """Draw a data set."""
    settings = SyntheticConfig(num_pool=num_pool, num_test=num_test, size=size, seed=seed)
    _ingest(store, SyntheticSource(settings), name, skip_bad=False, dry_run=dry_run)


def _ingest(store: str, source: Source, name: str, *, skip_bad: bool, dry_run: bool) -> None:
    summary = ingest(open_store(store), source, name, skip_bad=skip_bad, dry_run=dry_run)
    say("\n".join(summary.lines()))
