"""The detector that an experiment begins with, and pretrained weights for its backbone."""

import errno
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor
from torchvision.models import WeightsEnum, get_weight

from job.config.detector import DetectorConfig
from job.detection.detectors.architecture import architecture_of
from job.detection.detectors.base import Detector, Part, build_detector
from job.detection.detectors.transfer import load_weights, take_weights
from job.detection.detectors.weight_files import first_difference, read_weights
from job.errors import ConfigError, TemporaryError
from job.runtime.paths import user_path
from job.runtime.rng import random_stream

_INSTEAD = {"backbone": "set scratch", "weights": "leave it out"}
_NO_PLACE = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOENT, errno.ENOTDIR, errno.EEXIST}


def new_detector(
    config: DetectorConfig, classes: Sequence[str], seed: int, fetch: Callable[[str], Path]
) -> Detector:
    """Return the detector that an experiment begins with; weights that are missing are an error.

    Args:
        config: The detector, and where its weights come from.
        classes: Without background.
        seed: The experiment's: weights that are not pretrained are drawn from it.
        fetch: From a key of the store to a local file.

    Raises:
        ConfigError: The weights are missing or another network's.
        TemporaryError: The hub cannot be reached.
    """
    # One stream for all rounds that do not warm-start: they then differ by their images alone.
    detector = build_detector(config, classes, int(random_stream(seed, "weights").integers(2**31)))
    drawn, reasons = "drawn from the seed", dict[Part, str]()
    detector.origins = dict.fromkeys(detector.parts(), drawn)
    if config.weights:
        reasons = _load_whole(detector, config, fetch)
        is_hub, name = config.weights == "hub", detector.architecture.hub_detector(config)
        origin = _of_hub(detector, f"hub: {name}") if is_hub else config.weights
        detector.origins |= dict.fromkeys(detector.pretrained, origin)
    taken = dict[Part, str]()
    if config.backbone != "scratch" and "backbone" not in detector.pretrained:
        taken = _load_backbone(detector, config, fetch)
    if config.weights or taken:
        detector.remember_pretrained(detector.pretrained)
    for part in reasons.keys() - detector.pretrained:
        detector.origins[part] = f"{drawn} ({reasons[part]})"
    return detector


def _load_backbone(
    detector: Detector, config: DetectorConfig, fetch: Callable[[str], Path]
) -> dict[Part, str]:
    """Put pretrained weights into the backbone of a new detector, and say where they are from.

    Returns:
        What a detector that reads its own weights of the hub has taken; of others, nothing.
    """
    if config.backbone != "hub":
        load_backbone(detector, local_file(config.backbone, fetch))
        detector.origins["backbone"] = config.backbone
        return {}
    taken = detector.load_from_hub()
    if not taken:
        load_backbone(detector, "hub")
        name = detector.architecture.hub_weights[config.width]
        detector.origins["backbone"] = _of_hub(detector, f"hub: {name}")
    detector.pretrained |= taken.keys()
    detector.origins |= {part: _of_hub(detector, name) for part, name in taken.items()}
    return taken


def _of_hub(detector: Detector, name: str) -> str:
    """Return the origin of weights of a name, with their licence, in words."""
    return f"{name} (licence: {detector.licence or 'not known'})"


def _load_whole(
    detector: Detector, config: DetectorConfig, fetch: Callable[[str], Path]
) -> dict[Part, str]:
    """Put what fits of a trained detector into a new one; return what does not, with reasons."""
    if config.weights != "hub":
        return load_weights(detector, local_file(str(config.weights), fetch))
    name = str(detector.architecture.hub_detector(config))
    found: WeightsEnum = get_weight(name)
    _, *classes = found.meta["categories"]  # the first one is background
    weights = _from_hub("weights", name)
    return take_weights(detector, weights, {"classes": classes}, place=f"hub ({name})")


def local_file(place: str, fetch: Callable[[str], Path]) -> Path:
    """Return the local file of `file:PATH`, or of `store:KEY` by a function from the key."""
    kind, _, path_or_key = place.partition(":")
    return user_path(path_or_key) if kind == "file" else fetch(path_or_key)


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
    if source == "hub":
        width = detector.description["width"]
        found = _from_hub("backbone", detector.architecture.hub_weights[width])
    else:
        found, _ = read_weights("backbone", source)
    expected = detector.backbone_layers.state_dict()
    # The count of batches is not used; older files and frozen layers lack it.
    counts = {k: v for k, v in expected.items() if k.endswith("num_batches_tracked")}
    weights = {k: v for k, v in _features(found).items() if not k.endswith("num_batches_tracked")}
    weights |= counts
    if problem := first_difference(weights, expected):
        message = (
            f"backbone {source}: not the weights of {detector.description['model']} "
            f"at width {detector.description['width']}: {problem}"
        )
        raise ConfigError(message)
    detector.backbone_layers.load_state_dict(weights)
    detector.pretrained |= {"backbone"}


def _features(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the feature layers of a classifier, or all layers if the file has nothing else.

    All layers of a ResNet but the last one, `fc`, are those of its features.
    """
    prefix = "features."
    found = {k.removeprefix(prefix): v for k, v in weights.items() if k.startswith(prefix)}
    return found or {k: v for k, v in weights.items() if not k.startswith("fc.")}


def hub_file(config: DetectorConfig) -> Path | None:
    """Return the file of a detector's weights from the hub, which may still have to be downloaded.

    None: the detector reads its weights of the hub by itself.

    Raises:
        ConfigError: The hub has none, or there is no such detector.
    """
    architecture = architecture_of(config)
    name = architecture.hub_detector(config) if config.weights == "hub" else None
    if not name and config.width not in architecture.hub_weights:
        return None
    weights: WeightsEnum = get_weight(name or architecture.hub_weights[config.width])
    return Path(
        _hub_folder("weights" if name else "backbone"),
        "checkpoints",
        weights.url.rpartition("/")[2],
    )


def _hub_folder(setting: str) -> str:
    """Return where the hub keeps weights; without a home, torch would make a folder named `~`."""
    folder = str(torch.hub.get_dir())
    if folder.startswith("~"):
        message = f"detector.{setting}: hub: this user has no home directory: set TORCH_HOME"
        raise ConfigError(message)
    return folder


def _from_hub(setting: Literal["backbone", "weights"], name: str) -> dict[str, Tensor]:
    """Download torchvision's weights of that name, or take them from its cache."""
    _hub_folder(setting)
    try:
        found: WeightsEnum = get_weight(name)
        weights: dict[str, Tensor] = found.get_state_dict(progress=False, check_hash=True)
    except (OSError, RuntimeError) as error:
        if getattr(error, "errno", None) in _NO_PLACE:  # errors of the network have none of these
            message = (
                f"detector.{setting}: hub: {torch.hub.get_dir()}: cannot be written ({error}): "
                "name another directory in TORCH_HOME"
            )
            raise ConfigError(message) from error
        message = (
            f"detector.{setting}: hub: the weights could not be downloaded ({error}): "
            f"give a file instead (file:PATH or store:KEY), or {_INSTEAD[setting]}"
        )
        raise TemporaryError(message) from error
    return weights
