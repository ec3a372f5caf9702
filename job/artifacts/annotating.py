"""How far people are with the picks of a round, and `annotating.json`, which says it."""

from dataclasses import asdict, dataclass
from datetime import datetime

from job.storage.documents import checked, dump_json, load_json

_REMEDY = "remove it; the next look at the annotators' work writes it anew"


@dataclass(frozen=True)
class Attention:
    """An image whose answer somebody has to correct."""

    image: str
    reason: str
    """What is wrong with the answer."""
    link: str
    """Where a person finds it."""


@dataclass(frozen=True)
class Annotating:
    """How far people were at the last look."""

    tool: str
    """Where people work, in words, such as `Label Studio`."""
    link: str
    """The address where they find their work, or the command that gives it to them."""
    total: int
    """The picks of the round."""
    labelled: int
    refused: int
    """Images that annotators skipped: they cannot be labelled."""
    begun: datetime
    """When people were asked first."""
    updated: datetime
    """When the last look was."""
    attention: tuple[Attention, ...] = ()
    """Those of the open images whose answers cannot be taken as they are."""
    at_work: int = 0
    """Open images that somebody has begun."""
    per_hour: float | None = None
    """Images that were answered in the last hour; None: nobody has answered one in it."""

    @property
    def answered(self) -> int:
        """The picks that nobody is waited for any more."""
        return self.labelled + self.refused

    @property
    def to_go(self) -> int:
        """The picks that people are waited for."""
        return self.total - self.answered

    @property
    def seconds_left(self) -> float | None:
        """How long the rest takes at the rate of the last hour; None: there is no rate yet."""
        return 3600 * self.to_go / self.per_hour if self.per_hour else None

    @property
    def summary(self) -> str:
        """The state in a line, such as `37 of 250 to go; 2 need attention: LINK`."""
        num = len(self.attention)
        needs = f"; {num} {'needs' if num == 1 else 'need'} attention" if num else ""
        return f"{self.to_go} of {self.total} to go{needs}: {self.link}"


def dump_annotating(annotating: Annotating) -> bytes:
    """Return a state as it is stored."""
    content = asdict(annotating)
    times = {name: content[name].isoformat() for name in ("begun", "updated")}
    return dump_json(content | times)


def load_annotating(data: bytes, where: str) -> Annotating:
    """Read what `dump_annotating` wrote.

    Raises:
        BadDataError: It is damaged, or written by a newer version.
    """
    return checked(Annotating, load_json(data, where, _REMEDY), where, _REMEDY)
