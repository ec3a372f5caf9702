"""The contract of the layouts that picks are written in, for people who draw their boxes."""

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar

from job.annotation.batch import Batch, PickedImage


class PickFormat(ABC):
    """The files that one annotation tool takes, beside the images.

    Whoever calls it writes them, and then `batch.json`. Classes are in the order of the data set.
    Boxes and sizes are those of the upright image.
    """

    found_by: ClassVar[str] = "file"
    """What of an answer says which image it is: the name of its file, or where its key is."""
    takes_links: ClassVar[bool] = False
    """Whether images are given by their address, so that `--links` has an effect."""

    def __init__(self, batch: Batch) -> None:
        self.batch = batch

    def image_file(self, image: PickedImage) -> str:
        """Return the name of an image's file."""
        return f"images/{image.file}"

    @abstractmethod
    def files(self) -> Mapping[str, bytes]:
        """Return all other files, by their names."""


def as_json(content: object) -> bytes:
    """Return content as JSON that people can read."""
    return (json.dumps(content, ensure_ascii=False, allow_nan=False, indent=1) + "\n").encode()
