"""A detector of another package, as small as it can be: mypy checks it, and it keeps the rules."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from job.detection.detectors import Architecture, DetectorConfig

if TYPE_CHECKING:
    from tests.typing.one_per_cell_network import CellDetector


class OnePerCell(Architecture):
    """A box for each cell of a grid, as in the first YOLO."""

    mean = (0.5, 0.5, 0.5)
    std = (0.25, 0.25, 0.25)

    channels: int = 16
    """Channels of the backbone."""

    def build(
        self, config: DetectorConfig, classes: Sequence[str], made_of: Mapping[str, Any] | None
    ) -> "CellDetector":
        """Return a detector with random weights."""
        # Loads torch, which the driver and `al-job init` do without.
        from tests.typing.one_per_cell_network import CellDetector  # noqa: PLC0415

        return CellDetector(self, config, classes, self.channels)
