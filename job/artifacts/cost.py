"""What labelling took, and `cost.json`."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Cost:
    """What labelling took, of one round or of all up to it."""

    images: int
    boxes: int
    seconds: float
    money: float
    class_counts: dict[str, int] = field(default_factory=dict)
    """Boxes of each class, in the data set's order."""

    def __add__(self, other: "Cost") -> "Cost":
        """Both together."""
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
