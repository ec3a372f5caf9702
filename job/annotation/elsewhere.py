"""What other rounds of an experiment ask people for, and what they have counted."""

from collections.abc import Iterator

from job.annotation.intent import read_intent
from job.artifacts import names
from job.artifacts.listing import Listing
from job.artifacts.outcome import load_outcome
from job.artifacts.stage_io import StageIO
from job.keys import MARKER, ExperimentKeys


def asked_elsewhere(io: StageIO) -> frozenset[str]:
    """Return the ids of the images that other rounds of the experiment wait for."""
    intents = (read_intent(io.store, each) for each in _folders_of_others(io, is_done=False))
    return frozenset(image.id for intent in intents if intent for image in intent.images)


def counted_elsewhere(io: StageIO) -> frozenset[str]:
    """Return the ids of the images that other rounds, which are done, have labelled or refused."""
    found: set[str] = set()
    for folder in _folders_of_others(io, is_done=True):
        marker = io.markers.at(f"{folder}{MARKER}")
        if marker is None or names.OUTCOME not in marker.outputs:
            continue
        key = f"{folder}{marker.keys.get(names.OUTCOME, names.OUTCOME)}"
        outcome = load_outcome(io.store.read(key), f"{io.store.url}: {key}")
        found.update(outcome.ids("labelled"), outcome.ids("refused"))
    return frozenset(found)


def _folders_of_others(io: StageIO, *, is_done: bool) -> Iterator[str]:
    """Yield the stages `annotate` of other rounds that have asked people."""
    prefix = ExperimentKeys(io.round.experiment).prefix
    listing = Listing(io.store.list(prefix))
    for key in listing.below(prefix):
        folder = key.removesuffix(names.BATCH)
        is_of_other = folder.endswith("/annotate/") and folder != io.ref.prefix
        if is_of_other and (f"{folder}{MARKER}" in listing) == is_done:
            yield folder
