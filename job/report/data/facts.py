"""What is known of a data set before any training."""

from dataclasses import dataclass

import numpy as np
import pyarrow.compute as pc

from job.config.detector import DetectorConfig
from job.data.dataset import Dataset
from job.detection.detectors.architecture import Architecture, architecture_of
from job.detection.detectors.registry import DETECTORS
from job.keys import Split
from job.report.data.labels import SplitLabels, read_labels
from job.report.data.look_alikes import LookAlikes, find_look_alikes

SPLITS: tuple[Split, ...] = ("pool", "test")


@dataclass(frozen=True)
class DefaultBox:
    """The smallest default box of the detector that the data set is meant for."""

    model: str
    size: int
    """The side of the network's input, in pixels."""
    share: float | None
    """Its side, as a share of the input's; None: the detector has no default boxes."""

    @property
    def pixels(self) -> float | None:
        """Its side in pixels of the network's input."""
        return None if self.share is None else self.share * self.size

    @classmethod
    def of(cls, model: str, size: int | None) -> "DefaultBox":
        """Return that of a detector; without a size, of the one that it has by default.

        Raises:
            ConfigError: There is no such detector, or it does not take the size.
        """
        config = DetectorConfig(model=model, backbone="scratch")
        kind = DETECTORS.load(model, Architecture)
        if kind.sizes is None:
            return cls(model, size or config.size, kind.smallest_box)
        size = size or (config.size if config.size in kind.sizes else min(kind.sizes))
        architecture_of(config.model_copy(update={"size": size}))
        return cls(model, size, kind.smallest_box)


@dataclass(frozen=True)
class DataFacts:
    """A data set, as far as its page needs it."""

    dataset: Dataset
    splits: tuple[SplitLabels, ...]
    """Those that have images."""
    copies: dict[Split, int]
    """Images whose bytes another image of the split has, too."""
    alike: LookAlikes
    default_box: DefaultBox

    @property
    def labelled(self) -> list[SplitLabels]:
        """The splits with labels."""
        return [each for each in self.splits if each.is_labelled_N.any()]


def read_data_facts(dataset: Dataset, default_box: DefaultBox, num_shown: int) -> DataFacts:
    """Read all of it.

    Raises:
        BadDataError: An object of the data set is damaged or missing.
    """
    return DataFacts(
        dataset=dataset,
        splits=tuple(read_labels(dataset, split) for split in SPLITS if dataset.ids(split)),
        copies={split: _num_copies(dataset, split) for split in SPLITS},
        alike=find_look_alikes(dataset, num_shown),
        default_box=default_box,
    )


def _num_copies(dataset: Dataset, split: Split) -> int:
    digests = dataset.index(split)["sha256"]
    return len(digests) - int(pc.count_distinct(digests).as_py())


def share_below(labels: SplitLabels, side: float) -> float:
    """Return the share of boxes whose side is below one, given as a share of the image's side."""
    return float(np.mean(labels.side_B < side)) if len(labels.side_B) else 0.0
