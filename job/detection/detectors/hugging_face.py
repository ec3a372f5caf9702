# ruff: noqa: PLC0415 - what builds the detector loads torch and the library, which the rest must not
"""Detectors of the library Hugging Face transformers: DETR and the families that came from it."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from job.config.detector import DetectorConfig
from job.detection.detectors.architecture import Architecture

if TYPE_CHECKING:
    from job.detection.detectors.hugging_face_detector import HuggingFaceDetector
    from job.detection.detectors.hugging_face_files import Recipe


class Transformers(Architecture):
    """Any model for object detection of the library transformers: RT-DETR, D-FINE, DETR, YOLOS ...

    How large an image is seen, and its normalisation, are those of the model's own processor, with
    `size` in place of its side in pixels.
    """

    licence = "as the model's card says"
    mean = (0.0, 0.0, 0.0)  # the processor says what is subtracted
    std = (1.0, 1.0, 1.0)

    name: str
    """The model's name on the hub of Hugging Face, such as `PekingU/rtdetr_r18vd`, or a folder that
    holds its `config.json`, `preprocessor_config.json` and `model.safetensors`."""
    revision: str = "main"
    """Which version of the model on the hub: a branch, a tag or a commit."""

    def check_hub(self, config: DetectorConfig) -> None:
        """Accept `backbone: hub`: whether `name` has weights is seen when they are read."""

    def own_files(self) -> str:
        """Return where the model's files are, or that they have to be downloaded.

        Raises:
            ConfigError: The library is missing, or the name is none.
        """
        from job.detection.detectors.hugging_face_files import place_in_words

        return place_in_words(self.name, self.revision)

    def build(
        self, config: DetectorConfig, classes: Sequence[str], made_of: Mapping[str, Any] | None
    ) -> "HuggingFaceDetector":
        """Return a detector with random weights; of a new one, the library's files are read.

        Raises:
            ConfigError: The library or the model is not there, or the model cannot be used.
            TemporaryError: The hub cannot be reached.
        """
        from job.detection.detectors.hugging_face_detector import HuggingFaceDetector
        from job.detection.detectors.hugging_face_files import read_recipe

        recipe = cast("Recipe", made_of) if made_of else read_recipe(self.name, self.revision)
        return HuggingFaceDetector(self, config, classes, recipe)
