"""A process's place among processes that another program has started, on one node or on several.

torchrun, Kubeflow Trainer, JobSet and an Indexed Job say it by the variables of torch.distributed.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from job.errors import ConfigError

_NAMES = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "MASTER_ADDR", "MASTER_PORT")
_LOOPBACK = ("localhost", "127.", "::1")


@dataclass(frozen=True)
class Place:
    """Which of several processes this is, and where they meet."""

    rank: int
    """This process's number, from 0 on. Process 0 alone writes."""
    count: int
    """How many there are, on all nodes."""
    local_rank: int
    """Its number on its node: that of its GPU."""
    local_count: int
    """How many share the node's CPUs."""
    address: str
    """Where they meet, as host:port."""

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> "Place | None":
        """Return the place that the variables say; None if none of them is set.

        Raises:
            ConfigError: Only some of them are set, or they make no sense.
        """
        given = {name: environment[name] for name in _NAMES if environment.get(name)}
        if not given:
            return None
        if missing := [name for name in _NAMES if name not in given]:
            message = (
                f"train: {', '.join(given)} say that several processes train together, without "
                f"{', '.join(missing)}: set all five variables, or none"
            )
            raise ConfigError(message)
        # torchrun sets it, too. Who sets the five by hand mostly starts one process on a node.
        given["LOCAL_WORLD_SIZE"] = environment.get("LOCAL_WORLD_SIZE") or "1"
        count = _number(given, "WORLD_SIZE", 1, None)
        return cls(
            rank=_number(given, "RANK", 0, count - 1),
            count=count,
            local_rank=_number(given, "LOCAL_RANK", 0, count - 1),
            local_count=_number(given, "LOCAL_WORLD_SIZE", 1, count),
            address=f"{given['MASTER_ADDR']}:{_number(given, 'MASTER_PORT', 1, 65535)}",
        )

    @property
    def is_follower(self) -> bool:
        """Whether another process writes what they make together."""
        return self.rank > 0

    @property
    def is_on_one_machine(self) -> bool:
        """Whether they meet at this machine's own address."""
        return self.address.startswith(_LOOPBACK)


def _number(given: Mapping[str, str], name: str, least: int, most: int | None) -> int:
    text = given[name]
    if text.isdecimal() and least <= int(text) and (most is None or int(text) <= most):
        return int(text)
    limits = f"from {least} to {most}" if most is not None else f"of at least {least}"
    count = "" if name in {"WORLD_SIZE", "MASTER_PORT"} else f" (WORLD_SIZE={given['WORLD_SIZE']})"
    message = f"{name}={text}: it has to be a number {limits}{count}"
    raise ConfigError(message)
