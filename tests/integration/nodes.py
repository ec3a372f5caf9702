"""Two nodes on this machine: network namespaces with a cable between them, if they can be made."""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

_IP = shutil.which("ip")
_NUMBERS = count()


@dataclass(frozen=True)
class Node:
    """Where processes run."""

    address: str
    interface: str
    namespace: Path | None
    """The file of its network namespace; None: the machine's own network."""

    def unplug(self) -> None:
        """Pull the cable: what is sent is lost, and nobody is told."""
        assert self.namespace
        _ip("-n", self.namespace.name, "link", "set", self.interface, "down")


@contextmanager
def two_nodes() -> Iterator[tuple[Node, Node]]:
    """Make two nodes, in namespaces if this user may; they are gone when the block is left."""
    names = [f"al-voc-{os.getpid()}-{next(_NUMBERS)}" for _ in range(2)]
    with ExitStack() as stack:
        if not _IP or os.geteuid() or not _ip("netns", "add", names[0]):
            yield Node("127.0.0.1", "lo", None), Node("127.0.0.1", "lo", None)
            return
        stack.callback(_ip, "netns", "delete", names[0])
        _ip("netns", "add", names[1])
        stack.callback(_ip, "netns", "delete", names[1])
        ends = ("eth0", "netns", names[0], "type", "veth", "peer", "name", "eth0")
        _ip("link", "add", *ends, "netns", names[1])
        nodes = []
        for number, name in enumerate(names):
            address = f"10.213.7.{number + 1}"
            _ip("-n", name, "address", "add", f"{address}/24", "dev", "eth0")
            for interface in ("eth0", "lo"):
                _ip("-n", name, "link", "set", interface, "up")
            nodes.append(Node(address, "eth0", Path("/run/netns", name)))
        yield nodes[0], nodes[1]


def _ip(*arguments: str) -> bool:
    assert _IP
    ended = subprocess.run([_IP, *arguments], capture_output=True, check=False)  # noqa: S603 - iproute2
    return ended.returncode == 0


def free_port() -> int:
    """Return a port that nobody listens at."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port
