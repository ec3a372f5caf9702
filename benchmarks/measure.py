"""What the benchmarks share: processes of their own, memory, the machine, and a drawn pool."""

import os
import platform
import re
import subprocess
import sys
from collections.abc import Iterator
from copy import copy
from functools import cached_property, partial
from pathlib import Path
from typing import ClassVar

from job.data.formats.base import LoadedSample, Sample, Source
from job.data.formats.synthetic import SyntheticSource
from job.keys import Split


def as_others(script: str, *arguments: object) -> float:
    """Run a script in a process without our settings, and return the number that it prints last."""
    return float(said_by_others(script, *arguments).split()[-1])


def said_by_others(script: str, *arguments: object) -> str:
    """Run a script in a process without our settings, and return what it prints."""
    ended = subprocess.run(  # noqa: S603
        [sys.executable, script, *map(str, arguments)],
        # glibc's default, said aloud: `job.runtime.process_setup` then leaves memory to it.
        env=os.environ | {"GLIBC_TUNABLES": "glibc.malloc.tcache_count=7"},
        capture_output=True,
        text=True,
        check=False,
    )
    if ended.returncode:
        sys.exit(ended.stderr)
    return ended.stdout


def peak_bytes() -> int:
    """Return the peak memory of this process.

    What `getrusage` says is at least the memory of the process that started this one.
    """
    (line,) = re.findall(r"VmHWM:\s*(\d+) kB", Path("/proc/self/status").read_text())
    return int(line) * 1024


def machine() -> str:
    """Describe this machine in a line."""
    import torch  # noqa: PLC0415 - memory is measured in processes that do without

    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [line for line in info.read_text().splitlines() if line.startswith("model name")]
        cpu = names[0].partition(":")[2].strip() if names else cpu
    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else "no GPU"
    return f"{os.cpu_count()} CPU cores ({cpu}), {gpu}, torch {torch.__version__}"


class Repeated(Source):
    """A pool of any size from a few drawn images, which come again and again under other ids."""

    kind: ClassVar[str] = "repeated"

    num_pool: int
    size: int
    num_drawn: int = 64

    @property
    def classes(self) -> tuple[str, ...]:
        """Those of what is drawn."""
        return self._drawn.classes

    @cached_property
    def _drawn(self) -> SyntheticSource:
        return SyntheticSource(num_pool=self.num_drawn, num_test=8, size=self.size)

    @cached_property
    def contents(self) -> list[LoadedSample]:
        """The drawn images of the pool."""
        return [sample.load() for sample in self._drawn.samples("pool")]

    def identity(self) -> dict[str, str | int]:
        """How many."""
        return {"num_images": self.num_pool}

    def num_images(self, split: Split) -> int:
        """How many samples a split has."""
        return self.num_pool if split == "pool" else self._drawn.num_images("test")

    def samples(self, split: Split) -> Iterator[Sample]:
        """The samples of a split, in order."""
        if split == "test":
            yield from self._drawn.samples("test")
            return
        for number in range(self.num_pool):
            content = self.contents[number % len(self.contents)]
            yield Sample(f"{number:08d}", partial(copy, content))
