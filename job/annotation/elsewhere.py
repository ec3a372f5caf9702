"""What other rounds of an experiment ask people for at the moment."""

from job.annotation.intent import read_intent
from job.artifacts import names
from job.artifacts.listing import Listing
from job.artifacts.stage_io import StageIO
from job.keys import MARKER, ExperimentKeys


def asked_elsewhere(io: StageIO) -> frozenset[str]:
    """Return the ids of the images that other rounds of the experiment wait for."""
    prefix = ExperimentKeys(io.round.experiment).prefix
    listing = Listing(io.store.list(prefix))
    folders = [
        key.removesuffix(names.BATCH)
        for key in listing.below(prefix)
        if key.endswith(f"/annotate/{names.BATCH}") and not key.startswith(io.ref.prefix)
    ]
    intents = (read_intent(io.store, each) for each in folders if f"{each}{MARKER}" not in listing)
    return frozenset(image.id for intent in intents if intent for image in intent.images)
