"""Turning sources into `datasets/<name>`: everything is validated, and the manifest comes last."""

from dataclasses import replace

from job.data.dataset import Dataset
from job.data.formats.base import Source
from job.data.ingest.append import append as append_images
from job.data.ingest.build import build_version
from job.data.ingest.commit import commit_first_version, delete_parts
from job.data.ingest.groups import GroupRule
from job.data.ingest.request import IngestRequest
from job.data.ingest.same_source import refuse_another, refuse_changed_images, wanted_identity
from job.data.ingest.scan import SourceScan
from job.data.ingest.summary import IngestSummary
from job.data.manifest import read_manifest
from job.errors import BadDataError, UsageError
from job.keys import DatasetKeys, check_name
from job.runtime.names import refuse_twin
from job.storage import Store


def ingest(  # noqa: PLR0913 - what an ingest can be asked for
    store: Store,
    source: Source,
    name: str,
    *,
    labelled: Source | None = None,
    append: bool = False,
    groups: GroupRule | None = None,
    skip_bad: bool = False,
    dry_run: bool = False,
) -> IngestSummary:
    """Write a data set or a later version of one, unless it is there from the same source.

    Args:
        store: Where the data set goes.
        source: What it is made from.
        name: Its name.
        labelled: Where images of the pool come from whose labels are known from the start.
        append: Add the images to the pool of a data set that is there.
        groups: Puts images into groups; None: the source's own groups, if it has any.
        skip_bad: Leave bad images and boxes out and list them. Otherwise the first one is raised.
        dry_run: Validate everything and list what is bad, but write nothing.

    Raises:
        BadDataError: An image or a box is bad, a split has no images, the pool has no boxes, or a
            group is in both splits.
        UsageError: The name is invalid, or its data set was made from another source; see also
            `append`.
        TemporaryError: Another command has made the version meanwhile.
    """
    keys = DatasetKeys(check_name("data set", name))
    request = IngestRequest(source, labelled, groups, skip_bad=skip_bad)
    if append:
        return append_images(store, request, name, dry_run=dry_run)
    request.check_classes()
    if dry_run:
        return _rehearse(request, name)
    if found := read_manifest(store, keys):
        manifest, digest = found
        refuse_another(manifest, wanted_identity(request))
        refuse_changed_images(Dataset(store, keys, manifest, digest), request)
        return IngestSummary.of_manifest(manifest, f"{name}: there already, from the same source")
    refuse_twin("data set", name, store.list_names("datasets/"))
    scan = SourceScan(request)
    try:
        manifest = build_version(store, keys, scan)
    except (BadDataError, UsageError):
        delete_parts(store, keys)
        raise
    commit_first_version(store, keys, manifest)
    return IngestSummary.of_scan(scan, f"{name}: written")


def _rehearse(request: IngestRequest, name: str) -> IngestSummary:
    """Go through the sources without writing, and say whether they could be written."""
    scan = SourceScan(replace(request, skip_bad=True))
    for part in scan.parts:
        for _ in scan.images(part):
            pass
    errors = scan.errors()
    is_accepted = not errors and (request.skip_bad or not scan.problems)
    scan.problems += errors
    summary = IngestSummary.of_scan(scan, f"{name}: a dry run, nothing is written")
    return replace(summary, is_accepted=is_accepted)
