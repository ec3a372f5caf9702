"""The settings that change where and how fast a stage runs, and how one invocation changes them."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Literal, Self

from pydantic import NonNegativeInt, PositiveInt, ValidationError

from job.config.old_settings import old_setting
from job.config.section import Section
from job.config.validation import describe_errors
from job.errors import UsageError
from job.runtime.cpus import usable_cpus
from job.runtime.names import unknown
from job.runtime.yaml_text import read_yaml

VARIABLE = "AL_RUNTIME_"
"""What the environment variable of a setting begins with: `threads` is `AL_RUNTIME_THREADS`."""


class RuntimeConfig(Section):
    """Where and how fast stages run. May differ from one invocation to the next."""

    device: Literal["auto", "cpu", "cuda"] = "auto"
    """`auto` takes a GPU if there is one."""
    threads: Literal["auto"] | PositiveInt = 2
    """CPU threads. In training they are torch's, and its sums depend on their number: the same
    number gives the same bytes. Elsewhere each of them computes a batch. `auto`: one for each CPU
    that the process may use, by its affinity, its cgroup's quota and `AL_CPUS`, which the chart
    sets to what the pod asks for. A training that resumes keeps what `auto` was when it began."""
    processes: Literal["auto"] | PositiveInt = "auto"
    """Processes that train together, each on an equal part of a batch. `auto`: one for each GPU
    that is visible, or 1 on a CPU. Sums depend on it: the same number gives the same bytes on a
    CPU. Each process has `threads` threads and `workers` workers, or an equal part of `auto`.
    If `RANK` and `WORLD_SIZE` are set, as by torchrun, `train` starts none of them: it joins
    `WORLD_SIZE` processes, on one machine or several. `docs/several-nodes.md` shows it."""
    peer_seconds: PositiveInt = 600
    """How many seconds processes that train together wait for each other, at the start and at each
    step, before they end with exit code 75. One that was killed is noticed at once. If pods of a
    training start at very different times, set more."""
    workers: Literal["auto"] | NonNegativeInt = 0
    """Processes that decode and augment images for training. 0: the training process does it.
    `auto`: one for each CPU that the process may use."""
    batch_size: PositiveInt = 16
    """Images in a batch of `evaluate` and `score`."""
    compile: bool = False
    """Compile the network of `score` with `torch.compile`. It needs a C++ compiler: if nothing can
    be compiled, a warning says why. Sums depend on it. `docs/performance.md` has what it brings."""
    image_cache_mb: NonNegativeInt = 1000
    """Memory for decoded images, in MB, that `al-job run` keeps between rounds and arms. 0: it
    keeps none."""

    def num_threads(self, processes: int = 1) -> int:
        """Return `threads` as a number, for each of the processes that share the CPUs."""
        return max(1, usable_cpus() // processes) if self.threads == "auto" else self.threads

    def num_workers(self, processes: int = 1) -> int:
        """Return `workers` as a number, for each of the processes that share the CPUs."""
        return max(1, usable_cpus() // processes) if self.workers == "auto" else self.workers

    def fixed(self, processes: int, threads: int | None) -> Self:
        """Return the settings of a training, with a number for each `auto`.

        Args:
            processes: How many train together.
            threads: What `auto` was when the training began; None if it begins now.
        """
        kept = threads if threads and self.threads == "auto" else self.num_threads(processes)
        changes = {"threads": kept, "workers": self.num_workers(processes), "processes": processes}
        return self.model_copy(update=changes)

    def changed(self, settings: Iterable[str], environment: Mapping[str, str]) -> Self:
        """Return the settings of one invocation.

        Args:
            settings: What `--set` was given, such as "runtime.threads=4". The last one of a key
                counts, and any of them counts more than the environment.
            environment: Variables such as `AL_RUNTIME_THREADS`; an empty one is not set.

        Raises:
            UsageError: There is no such setting, or its value is wrong.
        """
        changes = {key: (source, text) for source, key, text in _variables(environment)}
        changes |= {key: (source, text) for source, key, text in _options(settings)}
        result = self
        for key, (source, text) in changes.items():
            result = result._with(key, text, source)
        return result

    def _with(self, key: str, text: str, source: str) -> Self:
        if key not in type(self).model_fields:
            known = [f"runtime.{name}" for name in type(self).model_fields]
            old = old_setting(f"runtime.{key}")
            message = f"{source}: {old or unknown(f'runtime.{key}', known)}"
            raise UsageError(message)
        try:
            value = read_yaml(text, source, UsageError)
            return self.model_validate(self.model_dump() | {key: value})
        except ValidationError as error:
            message = f"{source}: {describe_errors(error, type(self))}"
            raise UsageError(message) from error


def _variables(environment: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """Yield source, key and text of each variable that sets a setting."""
    for name, text in environment.items():
        if name.startswith(VARIABLE) and text:
            yield name, name.removeprefix(VARIABLE).lower(), text


def _options(settings: Iterable[str]) -> Iterator[tuple[str, str, str]]:
    """Yield source, key and text of each option that sets a setting."""
    for text in settings:
        key, equals, value = text.partition("=")
        section, dot, name = key.partition(".")
        source = f"--set {text}"
        if not equals or section != "runtime" or not dot:
            message = f"{source}: expected a setting of runtime, such as runtime.threads=4"
            raise UsageError(message)
        yield source, name, value
