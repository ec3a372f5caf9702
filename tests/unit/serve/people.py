"""The tiny experiment with people at work."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime

from job.annotation.batch import Proposal, picked_images
from job.annotation.intent import Intent, dump_intent
from job.artifacts import names
from job.artifacts.annotating import Annotating, Attention, dump_annotating
from job.artifacts.experiment_file import load_experiment, open_dataset
from job.artifacts.markers import dump_marker
from job.artifacts.outcome import (
    AnnotatorOutcome,
    Edits,
    ImageOutcome,
    RoundOutcome,
    dump_outcome,
)
from job.artifacts.reader import Reader
from job.keys import RoundRef
from job.storage import Store
from job.storage.memory import MemoryStore
from tests.stores import filled

DONE, AT_WORK = RoundRef("tiny", 0, "random", 1), RoundRef("tiny", 0, "random", 2)
BEGUN = datetime(2026, 5, 1, 9, 30, tzinfo=UTC)
LINK = "https://labels.example/projects/7/data"


def with_people(finished: Store) -> MemoryStore:
    """Return a copy: people have labelled round 1 of `random`, and are at work on its round 2.

    Of the four picks of round 1, the first and the last are labelled, the second is refused and the
    third is open. In round 2, one is labelled, and the second needs attention.
    """
    store = filled(MemoryStore(), finished)
    reader = Reader.listed(store, "tiny")
    stage, marker = DONE.stage("annotate"), reader.marker(DONE.stage("annotate"))
    data = dump_outcome(outcome_of([pick.id for pick in reader.picks(DONE)]))
    store.write(stage.key(names.OUTCOME), data)
    outputs = marker.outputs | {names.OUTCOME: hashlib.sha256(data).hexdigest()}
    store.write(stage.done, dump_marker(replace(marker, outputs=outputs)))
    for each in ("annotate", "train", "evaluate"):
        for key in list(store.list(AT_WORK.stage(each).prefix)):
            store.delete(key)
    picks = reader.picks(AT_WORK)
    config = load_experiment(store, "tiny")
    proposals = {picks[0].id: (Proposal((4, 8, 24, 40), "circle", 0.75),)}
    images = picked_images(open_dataset(store, config, 2), AT_WORK, picks, proposals)
    stage = AT_WORK.stage("annotate")
    store.write(stage.key(names.BATCH), dump_intent(Intent(BEGUN, images, 0.5)))
    attention = (Attention(picks[1].id, "an unknown class: sircle", f"{LINK}?task=2"),)
    told = Annotating("Label Studio", LINK, 4, 1, 0, BEGUN, BEGUN, attention, 1, 6.0)
    store.write(stage.key(names.ANNOTATING), dump_annotating(told))
    return store


def outcome_of(ids: list[str]) -> RoundOutcome:
    first, second, third, fourth = ids
    edits = Edits(kept=1, moved=0, added=2, removed=1)
    return RoundOutcome(
        "label_studio",
        1,
        (
            ImageOutcome(first, "labelled", (_by("anna", 3, 90.0, 60.0, edits=edits),), 2, 0.5),
            ImageOutcome(second, "refused", (_by("anna", 0, 30.0, 30.0, is_refused=True),)),
            ImageOutcome(third, "open", problem="a rotated box"),
            ImageOutcome(fourth, "labelled", (_by("ben", 1, None, 18.0),)),
        ),
        seconds_waited=7200,
    )


def _by(  # noqa: PLR0913 - what one annotator may have done
    who: str,
    boxes: int,
    seconds: float | None,
    counted: float,
    *,
    is_refused: bool = False,
    edits: Edits | None = None,
) -> AnnotatorOutcome:
    return AnnotatorOutcome(who, boxes, is_refused, seconds, counted, edits)
