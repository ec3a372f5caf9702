"""Files of weights: safetensors, or a state dictionary that torch saved."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from job.config.detector import refuse_missing_file
from job.detection.detectors.serialization import description_in
from job.errors import ConfigError


def read_weights(
    setting: Literal["backbone", "weights"], path: Path
) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Read a file of weights, executing nothing that it holds.

    Args:
        setting: Which setting of the detector names the file, for messages.
        path: The file. Its content decides what it is: a cached copy has no suffix.

    Returns:
        The tensors by their names, and the description that `save_model` writes beside them; empty
        if the file has none.

    Raises:
        ConfigError: The file is missing, or holds no weights.
    """
    refuse_missing_file(setting, path)
    try:
        with safe_open(path, "pt") as file:
            names = list(file.keys())
            return {name: file.get_tensor(name) for name in names}, description_in(file.metadata())
    except SafetensorError:
        return _from_pickle(setting, path), {}


def _from_pickle(setting: str, path: Path) -> dict[str, Tensor]:
    try:
        content: Any = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        # torch.load raises whatever a broken file leads it into.
        message = (
            f"detector.{setting}: {path}: neither safetensors nor a state dictionary that is safe "
            "to load"
        )
        raise ConfigError(message) from error
    if not isinstance(content, Mapping) or not all(
        isinstance(value, Tensor) for value in content.values()
    ):
        message = f"detector.{setting}: {path}: holds no state dictionary of tensors"
        raise ConfigError(message)
    return dict(content)


def first_difference(found: Mapping[str, Tensor], expected: Mapping[str, Tensor]) -> str:
    """Return the first mismatch of two state dictionaries, in words; empty if there is none."""
    for key, tensor in expected.items():
        if key not in found:
            return f"{key} is missing"
        if found[key].shape != tensor.shape:
            return f"{key} is {tuple(found[key].shape)}, expected {tuple(tensor.shape)}"
    return next((f"{key} is unknown" for key in found if key not in expected), "")
