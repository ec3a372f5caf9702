"""Kili: images, assets with a priority, predictions, and the interface of a project."""

from collections.abc import Mapping
from typing import Any, ClassVar

from job.annotation.batch import PickedImage, Proposal
from job.export.pick_formats.base import PickFormat, as_json

JOB = "OBJECT_DETECTION_JOB"
"""The name of the project's only job."""


class KiliPicks(PickFormat):
    """`images/0000_<id>.jpg`, `assets.json`, `predictions.json` and `interface.json`.

    The external id of an asset is its key. The higher a priority, the sooner people get the asset.
    """

    found_by: ClassVar[str] = "externalId"
    takes_links: ClassVar[bool] = True

    def files(self) -> Mapping[str, bytes]:
        """Return the interface, the assets in the order of rank, and the predictions, if any."""
        files = {
            "interface.json": as_json(_interface(self.batch.classes)),
            "assets.json": as_json(self.assets()),
        }
        if self.batch.model is not None:
            files["predictions.json"] = as_json(self.predictions())
        return files

    def assets(self) -> list[dict[str, Any]]:
        """Return an asset of each image, in the order of rank."""
        return [self._asset(image) for image in self.batch.images]

    def predictions(self) -> list[dict[str, Any]]:
        """Return a prediction of each image that has proposals."""
        return [self._prediction(image) for image in self.batch.images if image.proposals]

    def _asset(self, image: PickedImage) -> dict[str, Any]:
        links = self.batch.links
        return {
            "externalId": image.key,
            "content": f"{links}/{self.image_file(image)}" if links else self.image_file(image),
            "priority": self.batch.num_picks - image.rank,
            "jsonMetadata": {
                "id": image.id,
                "rank": image.rank,
                "score": image.score,
                "reason": image.reason,
            },
        }

    def _prediction(self, image: PickedImage) -> dict[str, Any]:
        annotations = [_annotation(proposal, image.size_wh) for proposal in image.proposals]
        return {
            "externalId": image.key,
            "modelName": self.batch.model,
            "jsonResponse": {JOB: {"annotations": annotations}},
        }


def _annotation(proposal: Proposal, size_wh: tuple[int, int]) -> dict[str, Any]:
    """Return a box by its corners from 0 to 1, from the lower left one clockwise."""
    width, height = size_wh
    xmin, ymin, xmax, ymax = proposal.corners_xyxy
    corners = ((xmin, ymax), (xmin, ymin), (xmax, ymin), (xmax, ymax))
    vertices = [{"x": x / width, "y": y / height} for x, y in corners]
    return {
        "type": "rectangle",
        "boundingPoly": [{"normalizedVertices": vertices}],
        "categories": [{"name": proposal.label, "confidence": round(100 * proposal.confidence)}],
        "children": {},
    }


def _interface(classes: tuple[str, ...]) -> dict[str, Any]:
    """Return the interface of a project in which people draw boxes of these classes."""
    categories = {name: {"name": name, "children": []} for name in classes}
    job = {
        "mlTask": "OBJECT_DETECTION",
        "tools": ["rectangle"],
        "instruction": "Classes",
        "required": 0,
        "isChild": False,
        "content": {"categories": categories, "input": "radio"},
    }
    return {"jobs": {JOB: job}}
