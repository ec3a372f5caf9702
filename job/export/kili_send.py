"""Sending a batch to a project of Kili: its images, priorities and predictions."""

from collections.abc import Mapping, Sequence
from contextlib import closing
from mimetypes import guess_type
from typing import Any

from job.data.dataset import Dataset
from job.errors import TemporaryError
from job.export.kili_api import UPLOADS_PER_REQUEST, KiliAsset, KiliProject
from job.export.pick_formats.kili import KiliPicks
from job.runtime import log
from job.runtime.parallel import batched


def send(layout: KiliPicks, dataset: Dataset, project: KiliProject) -> list[str]:
    """Make a project have the batch: what it has already is left as it is.

    Args:
        layout: The batch as Kili takes it.
        dataset: Where the images are.
        project: The project.

    Returns:
        What was sent, in lines.

    Raises:
        ConfigError: Kili refuses it.
        TemporaryError: It does not answer. A later attempt continues.
    """
    assets = layout.assets()
    keys = [asset["externalId"] for asset in assets]
    there = project.assets(keys)
    missing = [asset for asset in assets if asset["externalId"] not in there]
    _add(missing, layout, dataset, project)
    there |= project.assets([asset["externalId"] for asset in missing])
    if num_absent := len(assets) - len(there):
        message = f"Kili does not show {num_absent} of the assets yet; retry in a minute"
        raise TemporaryError(message)
    num_moved = _prioritise(assets, there, project)
    lines = [
        f"Kili: {len(missing):,} of {len(assets):,} assets added, {num_moved:,} priorities set"
    ]
    if layout.batch.model is not None:
        predictions = layout.predictions()
        project.predict([(there[each["externalId"]], each) for each in predictions])
        lines.append(f"Kili: predictions of {len(predictions):,} images set")
    return lines


def _add(
    assets: Sequence[Mapping[str, Any]], layout: KiliPicks, dataset: Dataset, project: KiliProject
) -> None:
    """Add assets in the order of rank, with their images or with links to them."""
    ids = [asset["jsonMetadata"]["id"] for asset in assets]
    suffixes = {image.id: image.suffix for image in layout.batch.images}
    is_linked = layout.batch.links is not None
    with (
        closing(dataset.read_images("pool", [] if is_linked else ids)) as images,
        log.progress("send", len(assets), "images") as bar,
    ):
        for some in batched(assets, UPLOADS_PER_REQUEST):
            contents = [asset["content"] for asset in some]
            if not is_linked:
                uploads = [
                    (asset["externalId"], next(images).data, _media_type(suffixes, asset))
                    for asset in some
                ]
                contents = project.upload(uploads)
            project.add(some, contents)
            bar.advance(len(some))


def _media_type(suffixes: Mapping[str, str], asset: Mapping[str, Any]) -> str:
    name = f"image{suffixes[asset['jsonMetadata']['id']].lower()}"
    return guess_type(name)[0] or "application/octet-stream"


def _prioritise(
    assets: Sequence[Mapping[str, Any]], there: Mapping[str, KiliAsset], project: KiliProject
) -> int:
    """Set the priorities that differ, and return how many."""
    pairs = [(there[asset["externalId"]], asset["priority"]) for asset in assets]
    wrong = [(asset, priority) for asset, priority in pairs if asset.priority != priority]
    for asset, priority in log.track(wrong, "prioritise", len(wrong), "assets"):
        project.prioritise(asset, priority)
    return len(wrong)
