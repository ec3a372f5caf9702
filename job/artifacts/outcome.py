"""What became of each image that people were asked for, and `outcome.json`, which says it."""

from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Literal

from job.artifacts.names import RERUN
from job.storage.documents import checked, dump_json, load_json

Fate = Literal["labelled", "refused", "open"]


@dataclass(frozen=True)
class Edits:
    """What people made of the boxes that were proposed to them."""

    kept: int = 0
    """Boxes that stayed as they were proposed."""
    moved: int = 0
    """Boxes that began as a proposal, and have other corners or another class now."""
    added: int = 0
    """Boxes that were drawn anew."""
    removed: int = 0
    """Proposals of which no box is left."""

    @property
    def shown(self) -> int:
        """The boxes that were proposed."""
        return self.kept + self.moved + self.removed

    def __add__(self, other: "Edits") -> "Edits":
        """Return both together."""
        return Edits(
            self.kept + other.kept,
            self.moved + other.moved,
            self.added + other.added,
            self.removed + other.removed,
        )


@dataclass(frozen=True)
class AnnotatorOutcome:
    """What one annotator did with one image."""

    by: str
    """Who it was, as the tool says it; empty: it does not say."""
    boxes: int
    """How many were drawn."""
    is_refused: bool = False
    seconds: float | None = None
    """Seconds that the image was open; None: nobody measured them, and they are assumed."""
    counted_seconds: float = 0.0
    """Seconds that the cost counts: the measured ones up to a limit, or the assumed ones."""
    edits: Edits | None = None
    """None: nothing was proposed, or the tool does not say what became of it."""
    answers: str = ""
    """The name of the object with the answer; empty: the label is from the data set."""


@dataclass(frozen=True)
class ImageOutcome:
    """What became of one pick."""

    id: str
    fate: Fate
    """`open`: nobody has answered it, or not so that it can be used. It returns to the pool."""
    annotators: tuple[AnnotatorOutcome, ...] = ()
    """One for each annotator whose time counts, in the order of time."""
    proposals: int = 0
    """How many boxes people began with; 0, too, if another round has asked for it first."""
    agreement: float | None = None
    """How well annotators agree, from 0 to 1: of each two the share of their boxes that the other
    one drew too, by class and IoU. None: fewer than two labelled the image."""
    is_shared: bool = False
    """Whether another round, of another arm or seed, has labelled or refused it, too, and before:
    the time of its annotators is in both costs."""
    problem: str = ""
    """Of an open image: what is wrong with its answer."""


@dataclass(frozen=True)
class RoundOutcome:
    """The content of `outcome.json`."""

    annotator: str
    """The setting `annotation.annotator`."""
    per_image: int
    """How many annotators were asked for each image."""
    images: tuple[ImageOutcome, ...]
    """All picks, in the order of rank."""
    seconds_waited: float = 0.0
    """From the first request to the last answer."""
    min_confidence: float | None = None
    """Of the boxes that were proposed; None: none were."""

    def ids(self, fate: Fate) -> tuple[str, ...]:
        """Return the ids of the images that it became of, in the order of rank."""
        return self._by_fate[fate]

    @cached_property
    def _by_fate(self) -> dict[Fate, tuple[str, ...]]:
        fates: tuple[Fate, ...] = ("labelled", "refused", "open")
        return {fate: tuple(each.id for each in self.images if each.fate == fate) for fate in fates}


def dump_outcome(outcome: RoundOutcome) -> bytes:
    """Return an outcome as it is stored."""
    return dump_json(asdict(outcome))


def load_outcome(data: bytes, where: str) -> RoundOutcome:
    """Read what `dump_outcome` wrote.

    Raises:
        BadDataError: It is damaged, or written by a newer version.
    """
    return checked(RoundOutcome, load_json(data, where, RERUN), where, RERUN)
