"""An exported model as the bytes of a file."""

import json
import os
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr
from importlib.util import find_spec
from io import BytesIO, StringIO
from typing import Any

import torch
from torch.export import Dim, ExportedProgram

from job.config.schema import EvaluateConfig
from job.detection.detectors.base import Detector
from job.detection.detectors.serialization import pack
from job.detection.exported.description import KEY, FormatName
from job.detection.exported.graph import OUTPUTS, DetectionGraph
from job.detection.input_size import Fit, Square
from job.errors import ConfigError, UsageError

EXTRA_FILE = f"{KEY}.json"
"""The file with the description inside of a `.pt2` file."""
INPUT = "pixels"
_EXAMPLE = (288, 352)
"""Height and width of the canvas that a network of any size is traced with."""


def exported(
    detector: Detector, config: EvaluateConfig, name: FormatName, about: Mapping[str, Any]
) -> bytes:
    """Return a detector as the bytes of a file.

    Args:
        detector: A trained one. It cannot be trained after that.
        config: Which detections a graph keeps.
        name: The format.
        about: What the file says besides what is needed to use it.

    Raises:
        ConfigError: A package that the format needs is not installed.
        UsageError: Torch cannot trace this kind of detector.
    """
    description = {**detector.description, **_usage(detector, config), **about}
    if name == "safetensors":
        return pack(detector.state_dict(), description)
    if not _has_known_size(detector):
        message = (
            f"--format {name}: a file cannot say how large {detector.description['model']} sees "
            "an image, as that is neither Square nor Fit; safetensors works for every detector"
        )
        raise UsageError(message)
    if name == "onnx":
        refuse_missing("onnx", "onnxscript")
    with _refusing(name, detector.description["model"]), _unchecked():
        program = _traced(DetectionGraph(detector, config))
        return _onnx(program, description) if name == "onnx" else _pt2(program, description)


def refuse_missing(*packages: str) -> None:
    """Refuse to work without the packages of the extra `onnx`.

    Raises:
        ConfigError: One is not installed.
    """
    missing = [package for package in packages if find_spec(package) is None]
    if missing:
        message = (
            f"ONNX needs the package {missing[0]}, which is not installed here: "
            "pip install 'al-voc[onnx]'"
        )
        raise ConfigError(message)


def _has_known_size(detector: Detector) -> bool:
    """Whether a file can say how large the network sees an image; a subclass has its own rule."""
    return type(detector.input_size) in {Square, Fit}


def _usage(detector: Detector, config: EvaluateConfig) -> dict[str, Any]:
    """Return what `FileDescription` reads."""
    return {
        "input_size": vars(detector.input_size) if _has_known_size(detector) else None,
        "fill": detector.fill.tolist(),
        "evaluate": config.model_dump(mode="json"),
    }


def _traced(graph: DetectionGraph) -> ExportedProgram:
    """Return the graph for the size of its input, or for any if that differs."""
    input_size = graph.detector.input_size
    size_hw, shapes = _EXAMPLE, {2: Dim.DYNAMIC, 3: Dim.DYNAMIC}
    if isinstance(input_size, Square):
        size_hw, shapes = (input_size.size, input_size.size), {}
    pixels = torch.zeros(1, 3, *size_hw, dtype=torch.uint8)
    program = torch.export.export(graph, (pixels,), dynamic_shapes={INPUT: shapes})
    for node in program.graph.nodes:  # where the code lies on this machine is nobody's business
        node.meta.pop("stack_trace", None)
    return program


def _pt2(program: ExportedProgram, description: Mapping[str, Any]) -> bytes:
    file = BytesIO()
    torch.export.save(program, file, extra_files={EXTRA_FILE: json.dumps(description)})
    return file.getvalue()


def _onnx(program: ExportedProgram, description: Mapping[str, Any]) -> bytes:
    made = torch.onnx.export(
        program, dynamo=True, input_names=[INPUT], output_names=OUTPUTS, verbose=False
    )
    assert made is not None  # noqa: S101 - without a file name, it is returned
    model = made.model_proto
    for node in model.graph.node:
        del node.metadata_props[:]
    model.metadata_props.add(key=KEY, value=json.dumps(description))
    data: bytes = model.SerializeToString()
    return data


@contextmanager
def _unchecked() -> Iterator[None]:
    """Leave out the checks that transformers makes of its own tensors: ONNX cannot say them."""
    name = "TRANSFORMERS_DISABLE_TORCH_CHECK"
    before = os.environ.get(name, "0")
    os.environ[name] = "1"
    try:
        yield
    finally:
        os.environ[name] = before


@contextmanager
def _refusing(name: FormatName, model: str) -> Iterator[None]:
    """Turn what torch's exporters raise into one line, and leave out what they print."""
    with warnings.catch_warnings(), redirect_stderr(StringIO()):
        warnings.simplefilter("ignore")
        try:
            yield
        except Exception as error:  # they raise errors of many classes and lines
            cause: BaseException = error
            while cause.__cause__:
                cause = cause.__cause__
            first = str(cause).strip().partition("\n")[0]
            message = (
                f"--format {name}: torch cannot trace {model} ({type(cause).__name__}: {first}); "
                "safetensors works for every detector"
            )
            raise UsageError(message) from error
