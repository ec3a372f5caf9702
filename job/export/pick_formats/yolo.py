"""YOLO in Ultralytics' layout: images, `data.yaml`, and proposals with their confidence."""

from collections.abc import Mapping

from job.annotation.batch import PickedImage
from job.export.formats.yolo import label_file, shares
from job.export.pick_formats.base import PickFormat
from job.runtime.yaml_text import write_yaml


class YoloPicks(PickFormat):
    """`images/train/0000_<id>.jpg`, `labels/train/0000_<id>.txt` and `data.yaml`.

    A row has the confidence in its sixth column, as Ultralytics writes its own predictions. An
    image without proposals has no text file: an empty one would say that nothing is in it.
    """

    def image_file(self, image: PickedImage) -> str:
        """Return the name of an image's file."""
        return f"images/train/{image.file}"

    def files(self) -> Mapping[str, bytes]:
        """Return the text files, and the classes from 0."""
        names = dict(enumerate(self.batch.classes))
        content = {"train": "images/train", "val": "images/train", "names": names}
        texts = {
            label_file(self.image_file(image)): self._rows(image)
            for image in self.batch.images
            if image.proposals
        }
        description = f"# picks of {self.batch.name}\n{write_yaml(content)}"
        return {**texts, "data.yaml": description.encode()}

    def _rows(self, image: PickedImage) -> bytes:
        lines = [
            " ".join(
                map(
                    repr,
                    (
                        self.batch.classes.index(proposal.label),
                        *shares(proposal.corners_xyxy, image.size_wh),
                        proposal.confidence,
                    ),
                )
            )
            for proposal in image.proposals
        ]
        return "".join(f"{line}\n" for line in lines).encode()
