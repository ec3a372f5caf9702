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
    folders = _folders_of_others(io, names.BATCH, is_done=False)
    intents = (read_intent(io.store, each) for each in folders)
    return frozenset(image.id for intent in intents if intent for image in intent.images)


def counted_elsewhere(io: StageIO) -> frozenset[str]:
    """Return the ids of the images that other rounds, which are done, have labelled or refused."""
    found: set[str] = set()
    for folder in _folders_of_others(io, names.OUTCOME, is_done=True):
        key = f"{folder}{names.OUTCOME}"
        outcome = load_outcome(io.store.read(key), f"{io.store.url}: {key}")
        found.update(outcome.ids("labelled"), outcome.ids("refused"))
    return frozenset(found)


def _folders_of_others(io: StageIO, name: str, *, is_done: bool) -> Iterator[str]:
    """Yield where other rounds have an object of that name in their stage `annotate`."""
    prefix = ExperimentKeys(io.round.experiment).prefix
    listing = Listing(io.store.list(prefix))
    for key in listing.below(prefix):
        folder = key.removesuffix(name)
        is_of_other = folder.endswith("/annotate/") and folder != io.ref.prefix
        if is_of_other and (f"{folder}{MARKER}" in listing) == is_done:
            yield folder
