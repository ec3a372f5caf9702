"""Label Studio: images, tasks with proposals as predictions, and the labelling configuration."""

from collections.abc import Mapping
from typing import ClassVar

from job.annotation.batch import PickedImage
from job.annotation.label_studio.tasks import label_config, task
from job.export.pick_formats.base import PickFormat, as_json

_STORAGES = {"s3": "s3", "gs": "gs", "az": "azure-blob"}
"""The scheme of a bucket -> what Label Studio calls it."""


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
        batch = self.batch
        tasks = [task(image, self._address(image), batch.model) for image in batch.images]
        config = label_config(batch.classes).encode() + b"\n"
        return {"config.xml": config, "tasks.json": as_json(tasks)}

    def _address(self, image: PickedImage) -> str:
        return f"{self.batch.links or self._place()}/{self.image_file(image)}"

    def _place(self) -> str:
        """Return the bucket, or the folder's name below the root of local files."""
        scheme, _, path = self.batch.place.partition("://")
        if scheme in _STORAGES:
            return f"{_STORAGES[scheme]}://{path}"
        return f"/data/local-files/?d={path.rpartition('/')[2]}"
