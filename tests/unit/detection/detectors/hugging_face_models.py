"""Small random configurations of four families of transformers, for tests."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import transformers

from job.config.detector import DetectorConfig
from job.detection.detectors import Detector
from job.detection.detectors.hugging_face_files import load_library

load_library()  # which silences it

SQUARE = {"height": 64, "width": 64}
EDGES = {"shortest_edge": 64, "longest_edge": 106}
WIDTHS = {"embedding_size": 8, "hidden_sizes": [8, 8, 16, 16], "depths": [1, 1, 1, 1]}
LAYERS: Mapping[str, Any] = {
    "d_model": 16,
    "num_queries": 20,
    "decoder_layers": 2,
    "encoder_ffn_dim": 16,
    "decoder_ffn_dim": 16,
    "encoder_attention_heads": 2,
    "decoder_attention_heads": 2,
}

MAPS: Mapping[str, Any] = {
    "encoder_hidden_dim": 16,
    "encoder_in_channels": [8, 16, 16],
    "decoder_in_channels": [16, 16, 16],
    "num_denoising": 10,
}
"""Of the families that see three maps of the backbone."""


def rt_detr() -> tuple[Any, Any]:
    """RT-DETR on a ResNet of four blocks."""
    backbone = transformers.RTDetrResNetConfig(
        **WIDTHS, layer_type="basic", out_features=["stage2", "stage3", "stage4"]
    )
    config = transformers.RTDetrConfig(**LAYERS, **MAPS, backbone_config=backbone)
    return config, transformers.RTDetrImageProcessor(size=SQUARE)


def yolos() -> tuple[Any, Any]:
    """YOLOS of two layers."""
    config = transformers.YolosConfig(
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=16,
        image_size=[64, 64],
        num_detection_tokens=20,
    )
    return config, transformers.YolosImageProcessor(size=EDGES)


def conditional_detr() -> tuple[Any, Any]:
    """Conditional DETR on a ResNet of four blocks."""
    backbone = transformers.ResNetConfig(**WIDTHS, layer_type="basic", out_features=["stage4"])
    config = transformers.ConditionalDetrConfig(
        **LAYERS, backbone_config=backbone, encoder_layers=1, auxiliary_loss=True, dropout=0.0
    )
    return config, transformers.ConditionalDetrImageProcessor(size=EDGES)


def d_fine() -> tuple[Any, Any]:
    """D-FINE on an HGNetV2 of four blocks."""
    channels = {
        "stem_channels": [3, 8, 8],
        "stage_in_channels": [8, 8, 8, 16],
        "stage_mid_channels": [8] * 4,
        "stage_out_channels": [8, 8, 16, 16],
        "stage_num_blocks": [1] * 4,
        "stage_numb_of_layers": [1] * 4,
    }
    backbone = transformers.HGNetV2Config(
        **WIDTHS, **channels, out_features=["stage2", "stage3", "stage4"]
    )
    config = transformers.DFineConfig(**LAYERS, **MAPS, backbone_config=backbone)
    return config, transformers.RTDetrImageProcessor(size=SQUARE)


FAMILIES = {each.__name__: each for each in (rt_detr, yolos, conditional_detr, d_fine)}


def write(folder: Path, family: str = "rt_detr") -> Path:
    """Write the files of a family, without weights."""
    for each in FAMILIES[family]():
        each.save_pretrained(folder)
    return folder


def settings(folder: Path, **others: Any) -> DetectorConfig:
    told = {"model": "transformers", "name": str(folder), "size": 64, "backbone": "scratch"}
    return DetectorConfig.model_validate({**told, **others})


def network_of(detector: Detector) -> Any:
    """The library's own."""
    return detector.network
