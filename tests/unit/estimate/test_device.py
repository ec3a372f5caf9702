"""Which hours stages take."""

import pytest

from job.config.runtime import RuntimeConfig
from job.estimate.device import devices_of


def test_on_a_cpu_every_thread_of_every_process_counts() -> None:
    """An hour of training with 3 processes of 2 threads is 6; of another stage it is 2."""
    devices = devices_of(RuntimeConfig(device="cpu", processes=3, threads=2))
    assert devices.kind == "CPU"
    assert devices.hours(3600, trains=True) == 6
    assert devices.hours(3600, trains=False) == 2


def test_on_gpus_each_process_of_a_training_has_one() -> None:
    """They need not be in this machine: the plan may be for another one."""
    devices = devices_of(RuntimeConfig(device="cuda", processes=4, threads=2))
    assert devices.kind == "GPU"
    assert devices.hours(3600, trains=True) == 4
    assert devices.hours(3600, trains=False) == 1
    assert devices_of(RuntimeConfig(device="cuda")).processes == 1


@pytest.mark.parametrize(
    ("gpus", "kind", "processes", "words"),
    [(0, "CPU", 1, "this machine has no GPU"), (2, "GPU", 2, "this machine has 2 GPUs")],
)
def test_auto_asks_what_this_machine_has(
    monkeypatch: pytest.MonkeyPatch, gpus: int, kind: str, processes: int, words: str
) -> None:
    """All of its GPUs train, and the words say so."""
    monkeypatch.setattr("job.estimate.device._num_gpus", lambda: gpus)
    devices = devices_of(RuntimeConfig())
    assert (devices.kind, devices.processes) == (kind, processes)
    assert words in devices.why
