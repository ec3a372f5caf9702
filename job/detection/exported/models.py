"""Models that detect: a detector of al-voc, or the graph of an exported file."""

import json
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any, Protocol, TypeAlias
from zipfile import ZipFile

import numpy as np
import torch
from pydantic import ValidationError
from torch import Tensor

from job.config.detector import DetectorConfig
from job.config.runtime import RuntimeConfig
from job.config.schema import EvaluateConfig
from job.data.shards import EncodedImage
from job.detection.detectors.base import Detector, load_model
from job.detection.detectors.serialization import unpack
from job.detection.device import set_threads
from job.detection.exported.description import KEY, FileDescription, FormatName
from job.detection.exported.writing import EXTRA_FILE, INPUT, refuse_missing
from job.detection.inference.network_input import InputTransform, NetworkInput, resized
from job.detection.inference.post_processing import detect
from job.detection.inference.predict import Engine, map_predictions
from job.detection.metrics.detections import Detections
from job.errors import BadDataError
from job.records.arrays import offsets
from job.runtime.parallel import batched, in_threads
from job.storage.files import file_errors

Wrap: TypeAlias = Callable[[InputTransform], InputTransform]
Graph: TypeAlias = Callable[[Tensor], Sequence[Tensor]]
"""From pixels, uint8 (1, 3, H, W), to boxes, scores and labels."""


class Model(Protocol):
    """Something that finds objects in images."""

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes, in the order of the labels."""

    def detections(self, images: Iterable[EncodedImage], wrap: Wrap) -> Generator[Detections]:
        """Yield the detections in one or more images at a time, in their order.

        Args:
            images: Any number.
            wrap: Called with the transform of images; what it returns is used instead.
        """


class DetectorModel:
    """A detector of al-voc."""

    def __init__(self, detector: Detector, config: EvaluateConfig, runtime: RuntimeConfig) -> None:
        self.classes = detector.classes
        self._detector, self._config = detector, config
        self._engine = Engine.of(runtime)

    @classmethod
    def load(
        cls, data: bytes, of: DetectorConfig, config: EvaluateConfig, runtime: RuntimeConfig
    ) -> "DetectorModel":
        """Return the detector in the file of a model.

        Args:
            data: What `save_model` wrote.
            of: The detector.
            config: Which detections are kept.
            runtime: The device, and how many threads.

        Raises:
            BadDataError: It is damaged, or another detector.
        """
        set_threads(runtime)
        return cls(load_model(data, of), config, runtime)

    def detections(self, images: Iterable[EncodedImage], wrap: Wrap) -> Generator[Detections]:
        """Yield the detections of a batch at a time."""
        return map_predictions(
            partial(detect, config=self._config),
            self._detector,
            wrap(resized(self._detector)),
            batched(images, self._engine.batch_size),
            self._engine,
        )


class GraphModel:
    """A graph with suppression, which takes an image at a time, on the CPU."""

    def __init__(self, graph: Graph, description: FileDescription) -> None:
        self.classes = description.classes
        self.input_size = description.input_size
        self.fill = torch.tensor(description.fill, dtype=torch.uint8)
        self._graph = graph

    def detections(self, images: Iterable[EncodedImage], wrap: Wrap) -> Generator[Detections]:
        """Yield the detections of each image; several threads are at work, each with an image."""
        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            detect_one = partial(self._detections, wrap(resized(self)))
            yield from in_threads(detect_one, images, threads, threads + 1)
        finally:
            torch.set_num_threads(threads)

    @torch.inference_mode()
    def _detections(self, transform: InputTransform, image: EncodedImage) -> Detections:
        seen: NetworkInput = transform(image)
        boxes, scores, labels = self._graph(seen.pixels[None])
        limits = np.array(seen.size_wh * 2, np.float32)
        return Detections(
            ids=(image.id,),
            offsets=offsets([len(scores)]),
            boxes_xyxy=seen.view.to_image(boxes).numpy().clip(0, limits),
            labels=labels.numpy(),
            scores=scores.numpy(),
        )


def open_model(path: Path, runtime: RuntimeConfig) -> Model:
    """Return the model in a file, whose content decides which format it is.

    Args:
        path: A file of `al-job export model`.
        runtime: The device, and how many threads.

    Raises:
        BadDataError: It is not such a file, or it is damaged.
        ConfigError: A package that the format needs is not installed, or nobody may read the file.
    """
    set_threads(runtime)
    match _format_of(path):
        case "safetensors":
            return _open_safetensors(path, runtime)
        case "pt2":
            return _open_graph(path, _look_at_pt2)
        case "onnx":
            refuse_missing("onnxruntime")
            return _open_graph(path, _look_at_onnx)


def _format_of(path: Path) -> FormatName:
    """Return the format by what files of it begin with; ONNX has no signature."""
    with file_errors(path), path.open("rb") as file:
        begin = file.read(9)
    if begin.startswith(b"PK"):
        return "pt2"
    return "safetensors" if begin[8:] == b"{" else "onnx"


def _open_safetensors(path: Path, runtime: RuntimeConfig) -> DetectorModel:
    with file_errors(path):
        data = path.read_bytes()
    try:
        _, description = unpack(data)
        config, evaluate = _settings_of(description)
        return DetectorModel.load(data, config, evaluate, runtime)
    except BadDataError as error:
        message = f"{path}: {error}"
        raise BadDataError(message) from error


def _settings_of(description: Mapping[str, Any]) -> tuple[DetectorConfig, EvaluateConfig]:
    """Return the settings of the detector in a file, and which detections are kept.

    Raises:
        BadDataError: It does not say them, or in another way.
    """
    if "detector" not in description:
        message = (
            "does not say the settings of its detector: `al-job export model --format safetensors` "
            "writes a file that does"
        )
        raise BadDataError(message)
    try:
        config = DetectorConfig.model_validate(description["detector"])
        return config, EvaluateConfig.model_validate(description.get("evaluate", {}))
    except ValidationError as error:
        message = "says its settings as another version does: export it again"
        raise BadDataError(message) from error


def _open_graph(
    path: Path, look: Callable[[Path], tuple[str | None, Callable[[], Graph]]]
) -> Model:
    try:
        text, load = look(path)
        description = FileDescription.read(json.loads(text or "null"), str(path))
        return GraphModel(load(), description)
    except BadDataError:
        raise
    except Exception as error:  # they raise whatever a damaged file leads them into
        first = str(error).strip().partition("\n")[0]
        message = f"{path}: not a model that can be read, or damaged ({first}): export it again"
        raise BadDataError(message) from error


def _look_at_pt2(path: Path) -> tuple[str | None, Callable[[], Graph]]:
    """Return the description in a file, and a function that loads its graph.

    A graph is loaded by pickle. So nothing of a file is, unless it has a description.
    """
    with ZipFile(path) as file:
        names = [name for name in file.namelist() if name.endswith(f"/{EXTRA_FILE}")]
        text = file.read(names[0]).decode() if names else None

    def load() -> Graph:
        program = torch.export.load(BytesIO(path.read_bytes()))  # a path would need a suffix
        # Guards of a traced size are about the order of numbers in memory, and refuse small images.
        return program.module(check_guards=False)

    return text, load


def _look_at_onnx(path: Path) -> tuple[str | None, Callable[[], Graph]]:
    """Return the description in a file, and a function that gives its graph."""
    import onnxruntime  # noqa: PLC0415 - a package of the extra `onnx`

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # each thread has an image
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    about: Mapping[str, str] = session.get_modelmeta().custom_metadata_map

    def run(pixels: Tensor) -> list[Tensor]:
        return [torch.from_numpy(each) for each in session.run(None, {INPUT: pixels.numpy()})]

    return about.get(KEY), lambda: run
