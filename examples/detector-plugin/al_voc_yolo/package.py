"""What is used of ultralytics, imported without a trace.

By itself, the import looks for a network, writes settings and a user's number into the home, and
changes variables of the environment, filters of warnings and `torch.save`.
"""

import os
import warnings
from tempfile import TemporaryDirectory
from unittest.mock import patch

import torch

with (
    TemporaryDirectory() as folder,
    patch.dict(
        os.environ,
        YOLO_CONFIG_DIR=folder,
        YOLO_OFFLINE="true",  # it looks for no network, so it sends no analytics either
        YOLO_VERBOSE="false",
        WORLD_SIZE="1",  # else it waits for the other processes of a training
    ),
    patch.object(torch, "save", torch.save),
    warnings.catch_warnings(),
):
    from ultralytics.cfg import get_cfg
    from ultralytics.nn.tasks import DetectionModel, yaml_model_load
    from ultralytics.utils import ROOT
    from ultralytics.utils.tal import make_anchors

__all__ = ["ROOT", "DetectionModel", "get_cfg", "make_anchors", "yaml_model_load"]
