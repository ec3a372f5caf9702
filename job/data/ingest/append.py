"""Adding images to the pool of a data set: a version beside the earlier ones."""

from dataclasses import replace

from job.data.dataset import Dataset
from job.data.ingest.build import build_version
from job.data.ingest.commit import commit_version, delete_parts, next_keys
from job.data.ingest.request import IngestRequest, refuse_test_set
from job.data.ingest.same_source import identity_of, refuse_changed_images, wanted_identity
from job.data.ingest.scan import SourceScan
from job.data.ingest.summary import IngestSummary
from job.data.versions import each_version
from job.errors import BadDataError, UsageError
from job.storage import Store


def append(store: Store, request: IngestRequest, name: str, *, dry_run: bool) -> IngestSummary:
    """Write a version of a data set with the images of a request in its pool, too.

    Raises:
        BadDataError: An image or a box is bad, or has a class that the data set does not have.
        UsageError: There is no such data set, the source has a test set, names a class that the
            data set does not have, or has no annotations though the pool has.
        TemporaryError: Another command has made that version meanwhile.
    """
    base = Dataset.open(store, name)
    request = _fitted(request, base)
    if dry_run:
        return _rehearse(request, base)
    wanted = wanted_identity(request)
    for keys, manifest, digest in each_version(store, name):
        if identity_of(manifest) == wanted:
            refuse_changed_images(Dataset(store, keys, manifest, digest), request)
            title = f"{name}: there already, in version {manifest.version}, from the same source"
            return IngestSummary.of_manifest(manifest, title)
    keys = next_keys(base, wanted)
    scan = SourceScan(request, base)
    try:
        manifest = build_version(store, keys, scan, base)
    except (BadDataError, UsageError):
        delete_parts(store, keys)
        raise
    num_new = manifest.pool.num_images - base.manifest.pool.num_images
    if not num_new:
        delete_parts(store, keys)
        return IngestSummary.of_scan(scan, f"{name}: nothing new; version {base.version} stays")
    commit_version(store, keys, manifest)
    title = f"{name}: version {manifest.version} written, with {num_new} images added to the pool"
    return IngestSummary.of_scan(scan, title)


def _fitted(request: IngestRequest, base: Dataset) -> IngestRequest:
    """Return the request as the data set takes it.

    In a pool without ground truth, annotations can only be labels that come along.
    """
    source = request.source
    refuse_test_set("--append", source)
    if base.has_ground_truth and not source.annotates_pool:
        message = (
            f"--append: data set {base.keys.name!r} has annotations of its whole pool, and the "
            f"format {source.kind!r} has none: make another data set of these images"
        )
        raise UsageError(message)
    if not source.annotates_pool:
        _refuse_new_classes(base, source.classes or ())
    if base.has_ground_truth or not source.annotates_pool:
        return request
    if request.labelled:
        message = "--labelled: the source has annotations itself, which come along: leave it out"
        raise UsageError(message)
    return replace(request, is_labelled=True)


def _refuse_new_classes(base: Dataset, named: tuple[str, ...]) -> None:
    """Raise if a class is named that the data set does not have, and so cannot get."""
    if new := [name for name in named if name not in base.classes]:
        message = (
            f"--classes: data set {base.keys.name!r} has the classes {', '.join(base.classes)}, "
            f"which stay; {new[0]!r} needs another data set"
        )
        raise UsageError(message)


def _rehearse(request: IngestRequest, base: Dataset) -> IngestSummary:
    """Go through the sources without writing, and say whether the version could be written."""
    scan = SourceScan(replace(request, skip_bad=True), base)
    for part in scan.parts:
        for _ in scan.images(part):
            pass
    title = f"{base.keys.name}: a dry run of version {base.version + 1}, nothing is written"
    summary = IngestSummary.of_scan(scan, title)
    return replace(summary, is_accepted=request.skip_bad or not scan.problems)
