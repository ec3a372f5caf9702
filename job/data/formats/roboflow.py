"""Roboflow's exports: folders train, valid and test, in COCO's layout or in Ultralytics'."""

from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from typing import ClassVar, Literal

from job.data.formats.base import Sample, Source
from job.data.formats.coco import CocoSource
from job.data.formats.file_source import FileSource, Place
from job.data.formats.recognition import NO_TEST_SET, Contents, Recognised
from job.data.formats.yolo import YoloSource
from job.data.formats.yolo_description import NO_TEST, Description
from job.errors import UsageError
from job.keys import Split

ANNOTATIONS = "_annotations.coco.json"
DESCRIPTION = "data.yaml"
COPY = ".rf."
"""Stands between the name of a photograph and what tells its copies apart."""

FOLDERS = ("train", "valid", "test")


class RoboflowSource(FileSource):
    """An export of Roboflow in COCO's or YOLO's layout; copies of a photograph are one group."""

    kind: ClassVar[str] = "roboflow"

    root: Place
    """Folder of the export, with the folders train and valid."""
    pool: Literal["train", "valid", "test"] = "train"
    """The folder that the pool is made of."""
    test: Literal["train", "valid", "test", "none"] = "valid"
    """The folder that the test set is made of. none: no test set."""
    ungrouped: bool = False
    """Take images with the same name before .rf. for different photographs."""

    @classmethod
    def recognise(cls, contents: Contents) -> Iterator[Recognised]:
        """Yield how to ingest a folder that looks like an export of Roboflow."""
        folders = [name for name in FOLDERS if contents.has(name)]
        is_coco = any(contents.has(f"{folder}/{ANNOTATIONS}") for folder in folders)
        is_yolo = contents.has(DESCRIPTION) and contents.has("train/images")
        if is_coco or (is_yolo and any(COPY in name for name in contents.names)):
            yield _recognised(contents, folders, ANNOTATIONS if is_coco else DESCRIPTION)

    @cached_property
    def _export(self) -> Source:
        """The export as a source in the layout that it has.

        Raises:
            UsageError: It has neither of the two layouts.
        """
        files = self.files(self.root)
        access = {name: getattr(self, name) for name in FileSource.model_fields}
        if files.has(f"{self.pool}/{ANNOTATIONS}"):
            return CocoSource(
                pool_images=files.where(self.pool),
                pool_annotations=files.where(f"{self.pool}/{ANNOTATIONS}"),
                test_images=files.where(self.test) if self.has_test else None,
                test_annotations=(
                    files.where(f"{self.test}/{ANNOTATIONS}") if self.has_test else None
                ),
                **access,
            )
        if files.has(DESCRIPTION):
            data = files.where(DESCRIPTION)
            return YoloExport(data=data, pool=self.pool, test=self.test, **access)
        message = (
            f"{files.where()}: has neither {self.pool}/{ANNOTATIONS} nor {DESCRIPTION}: name the "
            "folder of an export in the format COCO or YOLO"
        )
        raise UsageError(message)

    @property
    def has_groups(self) -> bool:
        """Whether copies of a photograph are a group."""
        return not self.ungrouped

    @property
    def has_test(self) -> bool:
        """Whether a test set is named."""
        return self.test != NO_TEST

    @property
    def classes(self) -> tuple[str, ...] | None:
        """The classes of the export, in its order."""
        return self._export.classes

    def identity(self) -> dict[str, str | int]:
        """Return what tells the export from others; see `CocoSource` and `YoloSource`."""
        return self._export.identity() | ({"ungrouped": 1} if self.ungrouped else {})

    def num_images(self, split: Split) -> int:
        """Return the number of images of a split, copies of photographs included."""
        return self._export.num_images(split)

    def samples(self, split: Split) -> Iterator[Sample]:
        """Yield the images of a split; copies of a photograph have the same group."""
        for sample in self._export.samples(split):
            photograph, is_copy, _ = sample.id.partition(COPY)
            group = photograph if is_copy and not self.ungrouped else None
            yield replace(sample, group=group or None)


def _recognised(contents: Contents, folders: list[str], file: str) -> Recognised:
    pool, *others = sorted(folders, key=FOLDERS.index)
    test = others[0] if others else NO_TEST
    options = {"root": contents.files.where(), "pool": pool, "test": test}
    usual = {"pool": "train", "test": "valid"}
    return Recognised(
        f"{file}, and {', '.join(folders)}{'' if others else NO_TEST_SET}",
        {option: value for option, value in options.items() if usual.get(option) != value},
        instead_of=("coco", "yolo"),
    )


class YoloExport(YoloSource):
    """An export in Ultralytics' layout.

    Its images are in the folders of the export, whatever the paths in its `data.yaml` say.
    """

    def _describe(self) -> Description:
        """Return the description, with the folders that a split always has."""
        splits = {"train": "train", "val": "valid", "test": "test"}
        folders = {name: (f"{folder}/images",) for name, folder in splits.items()}
        return replace(super()._describe(), path="", splits=folders)
