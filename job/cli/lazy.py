"""Modules that are loaded when a command uses them: `al-job --help` waits for none of them."""

from importlib import import_module
from typing import Any


class Lazy:
    """Stands for a module, and imports it when something of it is asked for.

    The standard library's `LazyLoader` puts half a module where all others find it: whatever walks
    through `sys.modules`, as `inspect` does, loads it in the middle of another import.
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> Any:
        return getattr(import_module(self._name), name)


def lazy(name: str) -> Any:
    """Return what stands for the module of that name."""
    return Lazy(name)
