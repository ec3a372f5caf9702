"""COCO: images, and a JSON file of them, whose annotations are proposals with a `score`."""

from collections.abc import Mapping
from itertools import count
from typing import Any

from job.annotation.batch import PickedImage, Proposal
from job.export import coco
from job.export.pick_formats.base import PickFormat, as_json


class CocoPicks(PickFormat):
    """`images/default/0000_<id>.jpg` and `annotations/instances_default.json`.

    Both names are those that CVAT and datumaro look for.
    """

    def image_file(self, image: PickedImage) -> str:
        """Return the name of an image's file."""
        return f"images/default/{image.file}"

    def files(self) -> Mapping[str, bytes]:
        """Return the JSON file. Images, classes and boxes are numbered from 1."""
        batch, numbers = self.batch, count(1)
        classes = {name: number for number, name in enumerate(batch.classes, start=1)}
        content = {
            "info": {"description": f"picks of {batch.name}"},
            "licenses": [],
            "categories": coco.categories(batch.classes),
            "images": [
                {
                    "id": number,
                    "file_name": image.file,
                    "width": image.size_wh[0],
                    "height": image.size_wh[1],
                }
                for number, image in enumerate(batch.images, start=1)
            ],
            "annotations": [
                {"id": next(numbers), "image_id": image_number, **_row(proposal, classes)}
                for image_number, image in enumerate(batch.images, start=1)
                for proposal in image.proposals
            ],
        }
        return {"annotations/instances_default.json": as_json(content)}


def _row(proposal: Proposal, classes: Mapping[str, int]) -> dict[str, Any]:
    """Return the keys of a box that do not depend on other boxes."""
    row = coco.box(proposal.corners_xyxy, classes[proposal.label])
    return row | {"score": proposal.confidence}
