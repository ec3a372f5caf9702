import pytest
import torch

from job.config.runtime import RuntimeConfig
from job.detection.device import resolve_device, set_threads
from job.errors import ConfigError


@pytest.mark.parametrize(
    ("wanted", "gpus", "device"),
    [("auto", 1, "cuda"), ("auto", 0, "cpu"), ("cpu", 1, "cpu"), ("cuda", 1, "cuda")],
)
def test_auto_takes_a_gpu_where_there_is_one(
    wanted: str, gpus: int, device: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`auto` looks; the others say which."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: gpus > 0)
    runtime = RuntimeConfig.model_validate({"device": wanted})
    assert resolve_device(runtime).type == device


def test_a_gpu_that_is_not_there_is_a_wrong_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    """`cuda` without a GPU is refused, not run on the CPU."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ConfigError, match=r"runtime\.device"):
        resolve_device(RuntimeConfig(device="cuda"))


def test_threads_are_the_configurations() -> None:
    """Torch computes with as many threads as the configuration says."""
    before = torch.get_num_threads()
    try:
        set_threads(RuntimeConfig(threads=2))
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
