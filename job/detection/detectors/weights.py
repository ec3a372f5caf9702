"""Pretrained weights for a detector's backbone: from a file, or from torchvision's hub."""

import errno
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor
from torchvision.models import WeightsEnum, get_weight

from job.config.detector import DetectorConfig
from job.detection.detectors.architecture import architecture_of
from job.detection.detectors.base import Detector, build_detector
from job.errors import ConfigError, TemporaryError
from job.runtime.paths import user_path
from job.runtime.rng import random_stream

_NO_PLACE = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOENT, errno.ENOTDIR, errno.EEXIST}


def new_detector(
    config: DetectorConfig, classes: Sequence[str], seed: int, fetch: Callable[[str], Path]
) -> Detector:
    """Return the detector that an experiment begins with; weights that are missing are an error.

    Args:
        config: The detector, and where its backbone's weights come from.
        classes: Without background.
        seed: The experiment's: weights that are not pretrained are drawn from it.
        fetch: From a key of the store to a local file.

    Raises:
        ConfigError: The weights are missing or another network's.
        TemporaryError: The hub cannot be reached.
    """
    # One stream for all rounds that do not warm-start: they then differ by their images alone.
    detector = build_detector(config, classes, int(random_stream(seed, "weights").integers(2**31)))
    kind, place = config.backbone_place
    if kind == "hub":
        load_backbone(detector, "hub")
    elif kind == "file":
        load_backbone(detector, user_path(place))
    elif kind == "store":
        load_backbone(detector, fetch(place))
    return detector


def load_backbone(detector: Detector, source: Path | Literal["hub"]) -> None:
    """Put pretrained weights into the detector's backbone, all of them or none.

    Args:
        detector: It is changed.
        source: `hub`, or a `.safetensors` or `.pt` file in the layout of torchvision's classifier,
            whole or its `features` alone. For `ssd_vgg16` the weights must expect pixels less the
            mean, undivided, as those of torchvision's `VGG16_Weights.IMAGENET1K_FEATURES` do.

    Raises:
        ConfigError: The file is missing, holds no weights, or those of another network; or the
            hub's weights cannot be written to the disk.
        TemporaryError: The hub cannot be reached.
    """
    weights = _from_hub(detector) if source == "hub" else _from_file(source)
    weights = _features(weights)
    expected = detector.backbone_layers.state_dict()
    # The count of batches is not used, and older files lack it.
    weights.update({k: v for k, v in expected.items() if k.endswith("num_batches_tracked")})
    if problem := _first_difference(weights, expected):
        message = (
            f"backbone {source}: not the weights of {detector.description['model']} "
            f"at width {detector.description['width']}: {problem}"
        )
        raise ConfigError(message)
    detector.backbone_layers.load_state_dict(weights)
    detector.pretrained = detector.backbone_parameters()


def _features(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the feature layers of a classifier, or all layers if the file has nothing else."""
    prefix = "features."
    found = {k.removeprefix(prefix): v for k, v in weights.items() if k.startswith(prefix)}
    return found or dict(weights)


def _first_difference(found: Mapping[str, Tensor], expected: Mapping[str, Tensor]) -> str:
    """Return the first mismatch of two state dictionaries, in words; empty if there is none."""
    for key, tensor in expected.items():
        if key not in found:
            return f"{key} is missing"
        if found[key].shape != tensor.shape:
            return f"{key} is {tuple(found[key].shape)}, expected {tuple(tensor.shape)}"
    return next((f"{key} is unknown" for key in found if key not in expected), "")


def hub_file(config: DetectorConfig) -> Path:
    """Return the file of a detector's weights from the hub, which may still have to be downloaded.

    Raises:
        ConfigError: The hub has none, or there is no such detector.
    """
    weights: WeightsEnum = get_weight(architecture_of(config).hub_weights[config.width])
    return Path(_hub_folder(), "checkpoints", weights.url.rpartition("/")[2])


def _hub_folder() -> str:
    """Return where the hub keeps weights; without a home, torch would make a folder named `~`."""
    folder = str(torch.hub.get_dir())
    if folder.startswith("~"):
        message = "detector.backbone: hub: this user has no home directory: set TORCH_HOME"
        raise ConfigError(message)
    return folder


def _from_hub(detector: Detector) -> dict[str, Tensor]:
    """Download torchvision's weights, or take them from its cache."""
    width = detector.description["width"]
    _hub_folder()
    try:
        found: WeightsEnum = get_weight(detector.architecture.hub_weights[width])
        weights: dict[str, Tensor] = found.get_state_dict(progress=False, check_hash=True)
    except (OSError, RuntimeError) as error:
        if getattr(error, "errno", None) in _NO_PLACE:  # errors of the network have none of these
            message = (
                f"detector.backbone: hub: {torch.hub.get_dir()}: cannot be written ({error}): "
                "name another directory in TORCH_HOME"
            )
            raise ConfigError(message) from error
        message = (
            f"detector.backbone: hub: the weights could not be downloaded ({error}): "
            "give a file instead (file:PATH or store:KEY), or set scratch"
        )
        raise TemporaryError(message) from error
    return weights


def _from_file(path: Path) -> dict[str, Tensor]:
    """Read a state dictionary, executing nothing that the file holds."""
    if not path.is_file():
        message = f"detector.backbone: {path}: no such file; name another, or set hub or scratch"
        raise ConfigError(message)
    try:
        return dict(load_file(path))
    except SafetensorError:
        pass  # the content decides: a cached copy has no suffix
    try:
        content: Any = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        # torch.load raises whatever a broken file leads it into.
        message = (
            f"backbone {path}: neither safetensors nor a state dictionary that is safe to load"
        )
        raise ConfigError(message) from error
    if not isinstance(content, Mapping) or not all(
        isinstance(value, Tensor) for value in content.values()
    ):
        message = f"backbone {path}: holds no state dictionary of tensors"
        raise ConfigError(message)
    return dict(content)
