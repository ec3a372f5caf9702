"""The files of a model of Hugging Face transformers: in a folder, or on the hub.

Only a new detector reads them. What they say of the network is kept in the file of the model.
"""

import json
import math
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Literal, TypedDict

import torch
from torch import Tensor

from job.errors import ConfigError, TemporaryError
from job.runtime.paths import user_path

_SETTINGS = ["config.json", "*processor_config.json", "README.md"]
_WEIGHTS = ["model*.safetensors", "*.safetensors.index.json"]
_NOT_OF_THE_NETWORK = {"id2label", "label2id", "_name_or_path", "transformers_version", "dtype"}
_LONGER_TO_SHORTER = (1333, 800)
"""DETR's limits of the sides, in pixels: they are usual where a processor names only one."""


class Recipe(TypedDict):
    """All that is needed to build a network again, as JSON."""

    config: dict[str, Any]
    """The library's configuration, without the classes."""
    mean: list[float]
    std: list[float]
    sides: list[int] | None
    """Shorter and longer side of an image, in pixels; None: it is stretched to a square."""
    activation: Literal["softmax", "sigmoid"]
    is_padded: bool
    """Whether the network is told which pixels are an image's, and boxes are relative to those."""
    size: int
    """The side that the processor has, in pixels."""
    commit: str | None
    """The version on the hub."""
    licence: str
    """Of the weights, from the model card; empty if it says none."""


def load_library() -> Any:
    """Return the module `transformers`, which from then on prints nothing but errors.

    Raises:
        ConfigError: It is not installed.
    """
    try:
        import transformers  # noqa: PLC0415 - an optional extra, and slow
        from huggingface_hub.utils import disable_progress_bars  # noqa: PLC0415
    except ImportError as error:
        message = (
            f"detector.model: transformers: the library is missing ({error}); "
            "pip install 'al-voc[transformers]'"
        )
        raise ConfigError(message) from error
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    disable_progress_bars()
    return transformers


def place_in_words(name: str, revision: str) -> str:
    """Return where a model's files are, or that they have to be downloaded.

    Raises:
        ConfigError: The library is not installed, or the name is none.
    """
    load_library()
    if (folder := user_path(name)).is_dir():
        return f"the folder {folder}"
    from huggingface_hub import errors, try_to_load_from_cache  # noqa: PLC0415 - an optional extra

    try:
        found = try_to_load_from_cache(name, "config.json", revision=revision)
    except errors.HFValidationError as error:
        raise _not_a_name(name) from error
    return f"{name}: {'in the cache of the hub' if found else 'will be downloaded'}"


def read_recipe(name: str, revision: str) -> Recipe:
    """Read what a network is made of: its configuration and its processor.

    Args:
        name: A folder, or a name on the hub.
        revision: Which version on the hub.

    Raises:
        ConfigError: There is no such model, or it cannot be used.
        TemporaryError: The hub cannot be reached.
    """
    library = load_library()
    folder, commit = _folder(name, revision, _SETTINGS)
    with _understandable(f"detector.name: {name}: no configuration of a model"):
        config = library.AutoConfig.from_pretrained(folder, local_files_only=True)
    if type(config) not in library.MODEL_FOR_OBJECT_DETECTION_MAPPING:
        message = f"detector.name: {name}: {config.model_type} is not a model for object detection"
        raise ConfigError(message)
    with _understandable(f"detector.name: {name}: no processor of images"):
        processor = library.AutoImageProcessor.from_pretrained(folder, local_files_only=True)
    content = json.loads(config.to_json_string(use_diff=False))
    size, sides = _size_rule(name, processor.size)
    normalises = processor.do_normalize
    return Recipe(
        config={k: v for k, v in content.items() if k not in _NOT_OF_THE_NETWORK},
        mean=list(processor.image_mean) if normalises else [0.0] * 3,
        std=list(processor.image_std) if normalises else [1.0] * 3,
        sides=sides,
        activation=_activation(name, processor),
        is_padded=bool(processor.do_pad),
        size=size,
        commit=commit,
        licence=_licence(folder),
    )


def read_pretrained(name: str, commit: str | None) -> tuple[dict[str, Tensor], list[str]]:
    """Return the weights of a trained model by the library's names, and its classes.

    Args:
        name: A folder, or a name on the hub.
        commit: Its version on the hub.

    Raises:
        ConfigError: There are none, or they are not those of the configuration.
        TemporaryError: The hub cannot be reached.
    """
    library = load_library()
    folder, _ = _folder(name, commit or "main", _SETTINGS + _WEIGHTS)
    with _understandable(f"detector.backbone: hub: {name}: no weights that can be read"):
        network, seen = library.AutoModelForObjectDetection.from_pretrained(
            folder,
            local_files_only=True,
            use_safetensors=True,
            dtype=torch.float32,
            output_loading_info=True,
        )
    if lacking := sorted(seen["missing_keys"]):
        message = f"detector.backbone: hub: {name}: the weights lack {lacking[0]}; set scratch"
        raise ConfigError(message)
    labels = network.config.id2label
    return network.state_dict(), [labels[index] for index in sorted(labels)]


def build_network(config: Mapping[str, Any], classes: Sequence[str]) -> Any:
    """Return the library's network for these classes, with weights of torch's global stream.

    Raises:
        ConfigError: The library cannot build it.
    """
    library, settings = load_library(), dict(config)
    with _understandable("detector.name: the library cannot build the network"):
        built = library.AutoConfig.for_model(settings.pop("model_type"), **settings)
        built.num_labels = len(classes)
        built.id2label = dict(enumerate(classes))
        built.label2id = {name: index for index, name in enumerate(classes)}
        return library.AutoModelForObjectDetection.from_config(built, dtype=torch.float32)


@contextmanager
def _understandable(problem: str) -> Iterator[None]:
    """Within, the library's errors become a line that begins with `problem`; it warns of nothing.

    Raises:
        ConfigError: The library raised an error.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except Exception as error:
        # Any error: the library has none of its own, and a broken file may lead it into any.
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        message = f"{problem}: {lines[0] if lines else type(error).__name__}"
        raise ConfigError(message) from error


def _folder(name: str, revision: str, patterns: Sequence[str]) -> tuple[Path, str | None]:
    """Return the folder of a model's files, and their version if they come from the hub."""
    if (folder := user_path(name)).is_dir():
        return folder, None
    from huggingface_hub import errors, snapshot_download  # noqa: PLC0415 - an optional extra

    try:
        found = Path(snapshot_download(name, revision=revision, allow_patterns=list(patterns)))
    except (errors.RepositoryNotFoundError, errors.RevisionNotFoundError) as error:
        message = (
            f"detector.name: {name}: not a folder, nor a model that the hub shows at revision "
            f"{revision}; if it is private or gated, set HF_TOKEN"
        )
        raise ConfigError(message) from error
    except errors.HFValidationError as error:
        raise _not_a_name(name) from error
    except PermissionError as error:
        message = (
            f"detector.name: {name}: the hub's cache cannot be written ({error}): "
            "name another directory in HF_HOME"
        )
        raise ConfigError(message) from error
    except (OSError, RuntimeError) as error:
        reason = str(error).strip().splitlines()
        message = (
            f"detector.name: {name}: it could not be downloaded from the hub "
            f"({reason[0] if reason else type(error).__name__}): give a folder instead"
        )
        raise TemporaryError(message) from error
    return found, found.name


def _not_a_name(name: str) -> ConfigError:
    return ConfigError(
        f"detector.name: {name}: no such folder, nor a name of the hub (OWNER/MODEL)"
    )


def _size_rule(name: str, size: Any) -> tuple[int, list[int] | None]:
    """Return the side that a processor has, and its limits of shorter and longer side if it has.

    Raises:
        ConfigError: It has another rule.
    """
    if size.height and size.height == size.width:
        return size.height, None
    if size.shortest_edge:
        longer, shorter = _LONGER_TO_SHORTER
        longest = size.longest_edge or size.shortest_edge * longer // shorter
        return size.shortest_edge, [size.shortest_edge, longest]
    message = (
        f"detector.name: {name}: the size of its processor is neither a square nor a shortest edge"
    )
    raise ConfigError(message)


def _activation(name: str, processor: Any) -> Literal["softmax", "sigmoid"]:
    """Return how a model's logits become scores, as its own post-processing shows on one query.

    Raises:
        ConfigError: It does neither.
    """
    logits = torch.tensor([1.0, 3.0, 2.0])
    outputs = SimpleNamespace(
        logits=logits.view(1, 1, 3), pred_boxes=torch.tensor([[[0.5, 0.5, 0.5, 0.5]]])
    )
    with _understandable(f"detector.name: {name}: its processor shows no scores of boxes"):
        (found,) = processor.post_process_object_detection(
            outputs, threshold=0.0, target_sizes=[(1, 1)]
        )
        score = float(found["scores"].max())
    if math.isclose(score, float(logits.softmax(0)[1]), rel_tol=1e-5):
        return "softmax"
    if math.isclose(score, float(logits[1].sigmoid()), rel_tol=1e-5):
        return "sigmoid"
    message = f"detector.name: {name}: its scores are neither a softmax nor a sigmoid of its logits"
    raise ConfigError(message)


def _licence(folder: Path) -> str:
    """Return what the model card says of the licence; empty if it says nothing."""
    from huggingface_hub import ModelCard  # noqa: PLC0415 - an optional extra

    try:
        found = ModelCard.load(folder / "README.md").data.to_dict().get("license")
    except Exception:  # noqa: BLE001 - a card is prose, written by anybody
        return ""
    return str(found or "")
