"""A start from a trained detector: the parts of it that fit."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from torch import Tensor

from job.detection.detectors.base import Detector, Part
from job.detection.detectors.weight_files import first_difference, read_weights
from job.errors import ConfigError
from job.runtime.names import shortened


def load_weights(detector: Detector, path: Path) -> dict[Part, str]:
    """Put the parts of another detector that fit into a detector.

    Args:
        detector: It is changed.
        path: Of a file that `save_model` wrote, or of a state dictionary with its names, with
            those of torchvision's own detector, or of a backbone alone.

    Returns:
        The parts that were not taken, each with the reason.

    Raises:
        ConfigError: The file is missing, holds no weights, or none that fit.
    """
    return take_weights(detector, *read_weights("weights", path), place=str(path))


def take_weights(
    detector: Detector, weights: Mapping[str, Tensor], description: Mapping[str, Any], place: str
) -> dict[Part, str]:
    """Put the parts of another detector that fit into a detector, as `load_weights` does.

    Args:
        detector: It is changed.
        weights: The other one's tensors by their names.
        description: What is said of it, such as its classes.
        place: Where it comes from, for messages.
    """
    known, parts = detector.known_names(), detector.parts()
    found = {known[k]: v for k, v in weights.items() if k in known and v.is_floating_point()}
    reasons = {part: _misfit(detector, part, found, description) for part in parts}
    reasons = {part: reason for part, reason in reasons.items() if reason}
    taken = parts.keys() - reasons.keys()
    if not taken:
        message = f"detector.weights: {place}: {_no_fit(detector, description, reasons)}"
        raise ConfigError(message)
    names = [name for part in taken for name in parts[part] if name in found]
    detector.load_state_dict({name: found[name] for name in names}, strict=False)
    detector.pretrained |= taken
    return reasons


def _misfit(
    detector: Detector, part: Part, found: Mapping[str, Tensor], description: Mapping[str, Any]
) -> str:
    """Return why a part cannot be taken, in words; empty if it can."""
    names, state = detector.parts()[part], detector.state_dict()
    # The count of batches is not used, and older files lack it.
    expected = {k: state[k] for k in names if not k.endswith("num_batches_tracked")}
    held = {k: found[k] for k in expected if k in found}
    if not held:
        return "the file has none"
    if part == "head" and (
        reason := _difference_of_classes(detector.classes, description.get("classes"))
    ):
        return reason
    return first_difference(held, expected)


def _difference_of_classes(ours: Sequence[str], theirs: Sequence[str] | None) -> str:
    """Return how the classes of a file differ, in words; empty if they do not."""
    if theirs is None:
        return "the file does not say its classes"
    if list(theirs) == list(ours):
        return ""
    is_order = sorted(theirs) == sorted(ours)
    words = "its classes have another order" if is_order else "it has other classes"
    return f"{words}: {shortened(', '.join(theirs))}"


def _no_fit(detector: Detector, description: Mapping[str, Any], reasons: Mapping[Part, str]) -> str:
    """Return why nothing of a file fits, in words."""
    wanted, told = detector.description, ""
    if "model" in description:
        told = f" (it says: {description['model']} at width {description.get('width')})"
    return (
        f"nothing in it fits {wanted['model']} at width {wanted['width']}{told}: "
        f"backbone: {reasons['backbone']}; name another, or leave it out"
    )
