"""What the file of an exported model says of it, as JSON. No torch.

It is beside the weights in a safetensors file, in `metadata_props` of ONNX, and the extra file
`al-job.json` of a `.pt2` file.
"""

from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, ValidationError

from job.config.schema import EvaluateConfig
from job.detection.input_size import Fit, Square
from job.errors import BadDataError

FormatName = Literal["onnx", "pt2", "safetensors"]
"""The formats that a model is exported in."""
FORMATS: tuple[FormatName, ...] = get_args(FormatName)

KEY = "al-job"
"""The key of the description in the metadata of a file."""


class FileDescription(BaseModel):
    """What is needed to use a file; other keys say where the model comes from."""

    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)

    classes: tuple[str, ...]
    """In the order of the labels, which count from 0."""
    input_size: Square | Fit
    """How large the network sees an image."""
    fill: tuple[int, int, int]
    """The colour past an image's edges."""
    evaluate: EvaluateConfig
    """Which detections are kept."""

    @classmethod
    def read(cls, content: Any, where: str) -> "FileDescription":
        """Return the description in a file.

        Raises:
            BadDataError: It is not one that `al-job export model` wrote.
        """
        try:
            return cls.model_validate(content)
        except ValidationError as error:
            message = (
                f"{where}: does not say its classes and its input size, so it was not written by "
                "`al-job export model`, or by a newer version: export it again"
            )
            raise BadDataError(message) from error
