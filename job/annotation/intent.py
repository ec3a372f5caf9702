"""What people are asked for in a round: `batch.json`, written before the first of them is."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from pydantic import AwareDatetime

from job.acquisition.strategy import Pick
from job.annotation.batch import Batch, PickedImage, Proposal, picked_images
from job.annotation.proposals import min_confidence_of, proposals_of
from job.artifacts import names
from job.artifacts.round_reader import RoundReader
from job.errors import MissingObjectError
from job.storage import Store
from job.storage.documents import checked, dump_json, load_json

_REMEDY = "restore it from a copy of the store; without one, remove it, and it is written anew"


@dataclass(frozen=True)
class Intent:
    """The batch of a round, and when it was made."""

    begun: AwareDatetime
    images: tuple[PickedImage, ...]
    """All picks, in the order of rank."""
    min_confidence: float | None = None
    """Of proposals; None: there are none."""
    answered: tuple[str, ...] = ()
    """The ids of images that had been answered before this round asked."""

    def batch(self, io: RoundReader, ids: Sequence[str]) -> Batch:
        """Return the batch of some of the images."""
        chosen = frozenset(ids)
        return Batch(
            ref=io.round,
            classes=io.dataset.classes,
            images=tuple(image for image in self.images if image.id in chosen),
            num_picks=len(self.images),
            min_confidence=self.min_confidence,
        )


def read_intent(store: Store, folder: str) -> Intent | None:
    """Return what people are asked for in a round, if anybody was asked yet.

    Args:
        store: Where it is.
        folder: The prefix of the keys of the round's stage `annotate`.

    Raises:
        BadDataError: It is damaged, or written by a newer version.
    """
    key = f"{folder}{names.BATCH}"
    try:
        data = store.read(key)
    except MissingObjectError:
        return None
    where = f"{store.url}: {key}"
    return checked(Intent, load_json(data, where, _REMEDY), where, _REMEDY)


def make_intent(io: RoundReader) -> Intent:
    """Return what a round has to ask people for: its picks, with proposals if they are wanted."""
    picks, min_confidence = io.picks(io.round), min_confidence_of(io)
    proposals = _proposals(io, picks, min_confidence)
    return Intent(
        begun=datetime.now(UTC).replace(microsecond=0),
        images=picked_images(io.dataset, io.round, picks, proposals),
        min_confidence=min_confidence,
    )


def _proposals(
    io: RoundReader, picks: Sequence[Pick], min_confidence: float | None
) -> dict[str, tuple[Proposal, ...]]:
    if min_confidence is None:
        return {}
    return proposals_of(io.unrecorded(io.round), [pick.id for pick in picks], min_confidence)


def dump_intent(intent: Intent) -> bytes:
    """Return an intent as it is stored."""
    return dump_json({**asdict(intent), "begun": intent.begun.isoformat()})
