"""Tensors and a JSON description as safetensors: the same content gives the same bytes."""

import json
import struct
from collections.abc import Mapping
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save

from job.errors import BadDataError

# One key: the library writes several in an order that differs from run to run.
_KEY = "al-job"


def pack(tensors: Mapping[str, torch.Tensor], description: Mapping[str, Any]) -> bytes:
    """Return tensors with a description as the bytes of one safetensors file."""
    # Each tensor gets memory of its own, in row-major order, as the format wants it.
    flat = {
        name: tensor.detach().to("cpu", copy=True).contiguous() for name, tensor in tensors.items()
    }
    return save(flat, metadata={_KEY: json.dumps(description, sort_keys=True)})


def description_in(metadata: Mapping[str, str] | None) -> dict[str, Any]:
    """Return the description in a file's metadata; empty if there is none, or another's."""
    try:
        description = json.loads((metadata or {})[_KEY])
    except (KeyError, ValueError):
        return {}
    return description if isinstance(description, dict) else {}


def unpack(data: bytes) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """Return what `pack` was given.

    Raises:
        BadDataError: The bytes are damaged, or were not written by `pack`.
    """
    try:
        tensors = load(data)
        (header_size,) = struct.unpack_from("<Q", data)
        header = json.loads(data[8 : 8 + header_size])
        return tensors, json.loads(header["__metadata__"][_KEY])
    except (SafetensorError, struct.error, ValueError, KeyError) as error:
        message = f"damaged, or not written by al-job ({error})"
        raise BadDataError(message) from error
