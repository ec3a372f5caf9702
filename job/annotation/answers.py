"""What people say of an image, whichever tool they use."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import inf
from typing import Any


@dataclass(frozen=True)
class DrawnBox:
    """A box as somebody drew it; nothing of it is checked yet."""

    label: str
    corners_xyxy: tuple[float, float, float, float]
    """In pixels of the upright image."""
    proposal: str | None = None
    """The name of the proposal that it began as; None: it was drawn anew, or nobody knows."""


@dataclass(frozen=True)
class Answer:
    """What one annotator says of one image."""

    image_id: str
    boxes: tuple[DrawnBox, ...] = ()
    """None of them: the image shows no object."""
    is_refused: bool = False
    """Whether the annotator skipped the image: it cannot be labelled."""
    by: str = ""
    """Who it was, as the tool says it."""
    at: datetime | None = None
    """When it was changed last; None: the tool does not say. A time without a zone is in UTC."""
    seconds: float | None = None
    """Seconds that the annotator had the image open; None: nobody measured them, which is also
    taken for a number below 0."""
    is_ground_truth: bool = False
    """Whether a reviewer marked it as right."""
    size_wh: tuple[int, int] | None = None
    """In pixels, of the image that was shown; None: the tool does not say."""
    tells_proposals: bool = False
    """Whether the tool says which proposal each box began as."""
    problems: tuple[str, ...] = ()
    """What of it cannot be expressed here, such as `a polygon` or `a rotated box`."""
    raw: Mapping[str, Any] = field(default_factory=dict)
    """What the tool said, as it came."""

    def __post_init__(self) -> None:
        """Give the time a zone, so that it can be compared, and drop seconds that are none."""
        if self.at and self.at.tzinfo is None:
            object.__setattr__(self, "at", self.at.replace(tzinfo=UTC))
        if self.seconds is not None and not 0 <= self.seconds < inf:
            object.__setattr__(self, "seconds", None)
