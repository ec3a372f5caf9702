"""What labelling took, and `cost.json`."""

from dataclasses import asdict, dataclass, field

from job.artifacts.names import RERUN
from job.artifacts.outcome import Edits
from job.storage.documents import checked, dump_json, load_json


@dataclass(frozen=True)
class Cost:
    """What labelling took, of one round or of several together."""

    images: int
    boxes: int
    seconds: float
    money: float
    class_counts: dict[str, int] = field(default_factory=dict)
    """Boxes of each class, in the data set's order."""

    def __add__(self, other: "Cost") -> "Cost":
        """Return both together."""
        counts = dict(self.class_counts)
        for name, count in other.class_counts.items():
            counts[name] = counts.get(name, 0) + count
        return Cost(
            images=self.images + other.images,
            boxes=self.boxes + other.boxes,
            seconds=round(self.seconds + other.seconds, 6),
            money=round(self.money + other.money, 6),
            class_counts=counts,
        )


NOTHING = Cost(0, 0, 0.0, 0.0)


@dataclass(frozen=True)
class Measured:
    """What of the time of people was measured, and what is assumed.

    An answer is what one annotator said of one image.
    """

    answers: int
    """Answers whose time the tool measured."""
    seconds_raw: float
    """Of these, as they were measured."""
    seconds_counted: float
    """Of these, with the limit for an image."""
    assumed_answers: int
    """Answers whose time nobody measured."""
    assumed_seconds: float
    """Of these, by the costs of the configuration."""
    refused: int
    """Images that were refused: their time counts, and they are not among the images."""
    edits: Edits
    """Of the boxes that were proposed."""


@dataclass(frozen=True)
class RoundCost:
    """The content of `cost.json`."""

    own: Cost
    """Of this round's picks."""
    cumulative: Cost
    """Of the picks of all rounds up to this one."""
    given: Cost = NOTHING
    """Images whose labels came along, up to this round: they took no time and no money."""
    measured: Measured | None = None
    """Of this round, if people were asked."""

    @property
    def labelled(self) -> Cost:
        """All that is labelled up to this round: the picks, and what came along."""
        return self.cumulative + self.given


def dump_cost(cost: RoundCost) -> bytes:
    """Return the cost of a round as JSON: its own, and beside it the cumulative one.

    What came along is in it only if there is any, and what was measured if people were asked.
    """
    given = {"given": asdict(cost.given)} if cost.given.images else {}
    measured = {"measured": asdict(cost.measured)} if cost.measured else {}
    return dump_json(
        {**asdict(cost.own), "cumulative": asdict(cost.cumulative), **given, **measured}
    )


def load_cost(data: bytes, where: str) -> RoundCost:
    """Read what `dump_cost` wrote.

    Raises:
        BadDataError: It is damaged, or written by a newer version.
    """
    content = load_json(data, where, RERUN)
    given = content.get("given", asdict(NOTHING))
    own, cumulative, came_along = (
        checked(Cost, each, where, RERUN) for each in (content, content.get("cumulative"), given)
    )
    people = content.get("measured")
    measured = checked(Measured, people, where, RERUN) if people else None
    return RoundCost(own, cumulative, came_along, measured)
