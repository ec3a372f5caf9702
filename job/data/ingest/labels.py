"""Labels for images that the pool has: those that a round has picked, or corrections."""

from dataclasses import replace
from typing import Any

from job.data.dataset import Dataset
from job.data.formats.base import Source
from job.data.ingest.commit import commit_version, next_keys
from job.data.ingest.label_changes import LabelChanges
from job.data.ingest.labels_summary import LabelsSummary
from job.data.ingest.labels_table import write_labels
from job.data.ingest.request import refuse_test_set
from job.errors import UsageError
from job.storage import Store


def ingest_labels(  # noqa: PLR0913 - what it can be asked for
    store: Store,
    source: Source,
    name: str,
    *,
    correct: bool = False,
    skip_bad: bool = False,
    dry_run: bool = False,
) -> LabelsSummary:
    """Write a version of a data set with more labels of its pool, or with corrected ones.

    Args:
        store: Where the data set is.
        source: Whose pool has the labels.
        name: The data set's name.
        correct: Replace labels that differ. Otherwise they are bad.
        skip_bad: Leave bad labels and boxes out and list them. Otherwise the first one is raised.
        dry_run: Validate everything and list what is bad, but write nothing.

    Raises:
        BadDataError: An image, a box or a label is bad.
        UsageError: There is no such data set, or the source has a test set or no annotations.
        TemporaryError: Another command has made the version meanwhile.
    """
    base = Dataset.open(store, name)
    refuse_test_set("ingest labels", source)
    if not source.annotates_pool:
        message = f"ingest labels: the format {source.kind!r} has no annotations"
        raise UsageError(message)
    changes = LabelChanges(base, correct=correct, skip_bad=skip_bad or dry_run)
    changes.read(source)
    summary = changes.summary
    if dry_run:
        title = f"{name}: a dry run of version {base.version + 1}, nothing is written"
        return replace(summary, title=title, is_accepted=skip_bad or not summary.problems)
    if not changes.labels:
        return replace(summary, title=f"{name}: nothing new; version {base.version} stays")
    content = {**source.identity(), "labels": True, "correct": correct, "skip_bad": skip_bad}
    _write(base, changes, source.kind, content)
    return replace(summary, title=f"{name}: version {base.version + 1} written")


def _write(base: Dataset, changes: LabelChanges, kind: str, content: dict[str, Any]) -> None:
    """Write the version that has the changes: all of it but the labels lies where it was."""
    keys = next_keys(base, {"kind": kind, **content})
    merged = changes.merged()
    manifest = base.manifest.model_copy(
        update={
            "kind": kind,
            "source": content,
            "labels": write_labels(base.store, keys, merged, base.classes),
            "version": keys.version,
            "previous": base.digest,
        }
    )
    commit_version(base.store, keys, manifest)
