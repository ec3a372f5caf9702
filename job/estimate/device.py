"""Which hours a stage takes: of GPUs or of CPUs, as far as `runtime` and this machine say."""

from dataclasses import dataclass
from typing import Literal

from job.config.runtime import RuntimeConfig


def threads_in_words(*numbers: int) -> str:
    """Return numbers of threads, such as "1 thread" or "1/2 threads"."""
    told = "/".join(map(str, sorted(set(numbers))))
    return f"{told} thread{'' if told == '1' else 's'}"


@dataclass(frozen=True)
class Devices:
    """What stages run on."""

    kind: Literal["GPU", "CPU"]
    processes: int
    """Processes that train together; on GPUs each has one of its own."""
    threads: int
    """CPU threads of a process."""
    why: str
    """By what that was decided, in words."""

    def hours(self, seconds: float, *, trains: bool) -> float:
        """Return the hours of GPUs, or of CPU threads, that a stage of so many seconds takes."""
        processes = self.processes if trains else 1
        each = 1 if self.kind == "GPU" else self.threads
        return seconds * processes * each / 3600


def devices_of(runtime: RuntimeConfig) -> Devices:
    """Return what stages run on by these settings; only `auto` asks what this machine has."""
    num_gpus = _num_gpus() if runtime.device == "auto" else 0
    if runtime.device == "cuda" or num_gpus:
        processes = max(num_gpus, 1) if runtime.processes == "auto" else runtime.processes
        few = "1 GPU" if num_gpus == 1 else f"{num_gpus} GPUs"
        seen = "cuda" if runtime.device == "cuda" else f"auto, and this machine has {few}"
        return Devices("GPU", processes, runtime.num_threads(), f"runtime.device: {seen}")
    processes = 1 if runtime.processes == "auto" else runtime.processes
    seen = "cpu" if runtime.device == "cpu" else "auto, and this machine has no GPU"
    return Devices("CPU", processes, runtime.num_threads(processes), f"runtime.device: {seen}")


def _num_gpus() -> int:
    import torch  # noqa: PLC0415 - takes seconds, and only `auto` needs it

    return torch.cuda.device_count() if torch.cuda.is_available() else 0
