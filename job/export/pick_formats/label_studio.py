"""Label Studio: images, tasks with proposals as predictions, and the labelling configuration."""

from collections.abc import Mapping
from typing import Any, ClassVar
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from job.annotation.batch import PickedImage, Proposal
from job.export.pick_formats.base import PickFormat, as_json


class LabelStudioPicks(PickFormat):
    """`images/0000_<id>.jpg`, `tasks.json` and `config.xml`.

    Tasks are in the order of rank, which is the order of sequential sampling. Their image is an
    address: below `--links`, in the bucket of `--out`, or by local files, whose root is the folder
    that `--out` lies in.
    """

    found_by: ClassVar[str] = "data.al_key"
    takes_links: ClassVar[bool] = True

    def files(self) -> Mapping[str, bytes]:
        """Return the tasks and the configuration."""
        tasks = [self._task(image) for image in self.batch.images]
        return {"config.xml": self._config(), "tasks.json": as_json(tasks)}

    def _config(self) -> bytes:
        view = Element("View")
        SubElement(view, "Image", name="image", value="$image")
        labels = SubElement(
            view, "RectangleLabels", name="label", toName="image", canRotate="false"
        )
        for name in self.batch.classes:
            SubElement(labels, "Label", value=name)
        indent(view)
        return tostring(view, encoding="unicode").encode() + b"\n"

    def _address(self, image: PickedImage) -> str:
        return f"{self.batch.links or self._place()}/{self.image_file(image)}"

    def _place(self) -> str:
        """Return the bucket, or the folder's name below the root of local files."""
        place = self.batch.place
        if place.startswith("s3://"):
            return place
        return f"/data/local-files/?d={place.rpartition('/')[2]}"

    def _task(self, image: PickedImage) -> dict[str, Any]:
        data = {
            "image": self._address(image),
            "al_key": image.key,
            "al_id": image.id,
            "al_rank": image.rank,
            "al_score": image.score,
            "al_reason": image.reason,
        }
        return {"data": data, "predictions": self._predictions(image)}

    def _predictions(self, image: PickedImage) -> list[dict[str, Any]]:
        """Return all boxes in one prediction, since an annotation begins with one."""
        if not image.proposals:
            return []
        confidences = [proposal.confidence for proposal in image.proposals]
        return [
            {
                "model_version": self.batch.model,
                "score": round(sum(confidences) / len(confidences), 4),
                "result": [
                    {"id": f"proposal-{number}", **_region(proposal, image.size_wh)}
                    for number, proposal in enumerate(image.proposals)
                ],
            }
        ]


def _region(proposal: Proposal, size_wh: tuple[int, int]) -> dict[str, Any]:
    """Return a box in percent of the image's width and height."""
    xmin, ymin, xmax, ymax = proposal.corners_xyxy
    width, height = size_wh
    return {
        "type": "rectanglelabels",
        "from_name": "label",
        "to_name": "image",
        "original_width": width,
        "original_height": height,
        "image_rotation": 0,
        "score": proposal.confidence,
        "value": {
            "x": 100 * xmin / width,
            "y": 100 * ymin / height,
            "width": 100 * (xmax - xmin) / width,
            "height": 100 * (ymax - ymin) / height,
            "rotation": 0,
            "rectanglelabels": [proposal.label],
        },
    }
