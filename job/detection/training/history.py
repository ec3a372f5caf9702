"""How a training went, without torch."""

from dataclasses import dataclass


@dataclass(frozen=True)
class HistoryRow:
    """How training went over the steps since the previous row; losses are means over them."""

    step: int
    """Steps done."""
    loss: float
    classification_loss: float
    bbox_loss: float
    learning_rate: float
    """The rate of the last of these steps, for what is not pretrained."""
    images_per_second: float
