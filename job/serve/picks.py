"""What a round picked, with the boxes that are known of each image, and the images themselves."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from job.annotation.batch import PickedImage, Proposal, picked_images
from job.annotation.intent import read_intent
from job.artifacts import names
from job.artifacts.annotating import Attention
from job.artifacts.experiment_file import open_dataset
from job.artifacts.outcome import ImageOutcome
from job.data.dataset import Dataset
from job.data.shards import LabelledImage
from job.keys import RoundRef
from job.report.drawing.outlines import Outline, small_jpeg
from job.serve.cache import Kept, Pictures
from job.serve.looks import Look

SMALL, LARGE = 320, 1280
"""The longest sides of the pictures, in pixels."""
MAX_ROUNDS = 16
"""Of so many rounds, the picks are kept in memory."""
MAX_DATASETS = 2
"""Of so many versions of data sets, the index is kept in memory."""
PICTURE_BYTES = 64 << 20
AT_ONCE = 2
"""So many pictures are decoded at a time: the largest images take half a gigabyte."""
MAX_BOXES = 200
MAX_NAMED = 8
"""If an image has more boxes, their names are shown only to who points at them."""

State = Literal["labelled", "refused", "open", "waiting"]


@dataclass(frozen=True)
class ShownPick:
    """A pick, as far as the store tells what became of it."""

    image: PickedImage
    state: State
    """`waiting`: its round is not annotated yet."""
    outlines: tuple[Outline, ...] = ()
    """Annotated boxes if it is labelled, else the proposals that people begin with."""
    labelled: LabelledImage | None = None
    outcome: ImageOutcome | None = None
    attention: Attention | None = None


class Picks:
    """The picks of rounds, and pictures of them."""

    def __init__(self) -> None:
        self._rounds: Kept[tuple[object, ...], tuple[ShownPick, ...]] = Kept(MAX_ROUNDS)
        self._datasets: Kept[tuple[object, ...], Dataset] = Kept(MAX_DATASETS)
        self._pictures = Pictures(PICTURE_BYTES, AT_ONCE)

    def of_round(self, look: Look, ref: RoundRef) -> tuple[ShownPick, ...]:
        """Return what a round picked, in the order of rank.

        Raises:
            UsageError: It has not selected yet.
            BadDataError: An object of the round is damaged or missing.
        """
        marker = look.reader.marker(ref.stage("select"))
        annotate = ref.stage("annotate")
        done = look.reader.markers.get(annotate)
        told = look.annotating.get(annotate)
        key = (ref, marker.digest, done and done.digest, annotate.key(names.BATCH) in look.listing)
        return self._rounds.get((*key, told and told.attention), lambda: self._read(look, ref))

    def picture(self, look: Look, ref: RoundRef, rank: int, side: int) -> bytes | None:
        """Return a JPEG of a pick; None if the round has no such pick.

        Raises:
            BadDataError: The image is damaged or missing.
        """
        picks = self.of_round(look, ref)
        if rank >= len(picks):
            return None
        shown = picks[rank]

        def make() -> bytes:
            image = shown.labelled or self._dataset(look, ref)
            encoded = (
                image.read()
                if isinstance(image, LabelledImage)
                else image.read_image("pool", shown.image.id)
            )
            return small_jpeg(encoded.data, shown.image.id, side)

        return self._pictures.get((shown.image.sha256, side), make)

    def _dataset(self, look: Look, ref: RoundRef) -> Dataset:
        config = look.plan.config
        data_round = ref.stage("select").data_round
        key = (config.dataset.name, config.dataset.sha256_at(data_round))
        return self._datasets.get(key, lambda: open_dataset(look.store, config, data_round))

    def _read(self, look: Look, ref: RoundRef) -> tuple[ShownPick, ...]:
        stage = ref.stage("annotate")
        is_done = look.reader.markers.get(stage) is not None
        dataset = self._dataset(look, ref)
        images = _asked(look, ref) or picked_images(dataset, ref, look.reader.picks(ref), {})
        outcome = look.reader.outcome(ref)
        became = {each.id: each for each in outcome.images} if outcome else {}
        known = {each.id: each for each in look.reader.labelled_images(ref)} if is_done else {}
        told = look.annotating.get(stage)
        attention = {each.image: each for each in told.attention} if told else {}
        return tuple(
            ShownPick(
                image=image,
                state=_state(became.get(image.id), is_done=is_done),
                outlines=_outlines(image, known.get(image.id), dataset.classes),
                labelled=known.get(image.id),
                outcome=became.get(image.id),
                attention=attention.get(image.id),
            )
            for image in images
        )


def _asked(look: Look, ref: RoundRef) -> tuple[PickedImage, ...]:
    """Return what people were asked for, with proposals; nothing if that is not the picks."""
    stage = ref.stage("annotate")
    intent = (
        read_intent(look.store, stage.prefix) if stage.key(names.BATCH) in look.listing else None
    )
    picked = [pick.id for pick in look.reader.picks(ref)]
    return intent.images if intent and [each.id for each in intent.images] == picked else ()


def _state(outcome: ImageOutcome | None, *, is_done: bool) -> State:
    if outcome:
        return outcome.fate
    return "labelled" if is_done else "waiting"


def _outlines(
    image: PickedImage, labelled: LabelledImage | None, classes: Sequence[str]
) -> tuple[Outline, ...]:
    """Return the boxes of an image as they are drawn; proposals are dashed."""
    number = {name: index for index, name in enumerate(classes)}
    if labelled:
        boxes = labelled.annotation.boxes_xyxy.tolist()
        found = [
            Outline(tuple(box), number.get(label, 0), label)
            for box, label in zip(boxes, labelled.annotation.labels, strict=True)
        ]
    else:
        found = [
            Outline(each.corners_xyxy, number.get(each.label, 0), _named(each), is_dashed=True)
            for each in image.proposals
        ]
    is_named = len(found) <= MAX_NAMED
    return tuple(replace(each, name=each.title * is_named) for each in found[:MAX_BOXES])


def _named(each: Proposal) -> str:
    return f"{each.label} {each.confidence:.2f}"
