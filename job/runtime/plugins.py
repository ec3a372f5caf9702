"""Kinds of things that can be added: those of this package by name, and others by entry point."""

import sys
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, EntryPoints, entry_points
from typing import TypeVar

from job.errors import ConfigError
from job.runtime.names import unknown

T = TypeVar("T")


class Registry:
    """One kind of thing, such as strategies: imported when a name is asked for, and not before."""

    def __init__(self, kind: str, group: str, built_in: Mapping[str, str]) -> None:
        """Register what the package itself has.

        Args:
            kind: What the things are called in messages, such as "strategy".
            group: The group of entry points by which other packages add to them.
            built_in: From a name to its place, "module:attribute".
        """
        self.kind = kind
        self.group = group
        self.built_in = dict(built_in)

    def names(self) -> list[str]:
        """Return all names, sorted: those of this package, and those of other packages."""
        return sorted({*self.built_in, *_outside(self.group).names})

    def outside_names(self) -> list[str]:
        """Return the names of other packages, sorted."""
        return [name for name in self.names() if name not in self.built_in]

    def load(self, name: str, base: type[T]) -> type[T]:
        """Return the class of that name.

        Args:
            name: A name of this package has precedence over one of another package.
            base: What it must be a subclass of.

        Raises:
            ConfigError: There is no such name, it is in several packages, or its package is broken.
        """
        if name in self.built_in:
            module, _, attribute = self.built_in[name].partition(":")
            found: type[T] = getattr(import_module(module), attribute)
            return found
        return self._load_outside(name, base)

    def _load_outside(self, name: str, base: type[T]) -> type[T]:
        found = _outside(self.group).select(name=name)
        if not found:
            message = f"{self.kind}: {unknown(name, self.names())}"
            raise ConfigError(message)
        if len(found) > 1:
            message = f"{self.kind}: {name!r} is in more than one package: {_packages(*found)}"
            raise ConfigError(message)
        (entry,) = found
        try:
            loaded = entry.load()
        except Exception as error:
            # Any error: other plug-ins are listed and work although one is broken.
            is_import = isinstance(error, ImportError | AttributeError)
            why = str(error) if is_import else f"{type(error).__name__}: {error}"
            message = f"{self.kind}: {name!r} of {_packages(entry)} cannot be imported: {why}"
            raise ConfigError(message) from error
        if not (isinstance(loaded, type) and issubclass(loaded, base)):
            message = (
                f"{self.kind}: {name!r} of {_packages(entry)} is not a subclass of "
                f"{base.__module__}.{base.__qualname__}"
            )
            raise ConfigError(message)
        return loaded


def _outside(group: str) -> EntryPoints:
    return _declared(group, tuple(sys.path))


@cache
def _declared(group: str, _: tuple[str, ...]) -> EntryPoints:
    """Return what the packages on this path declare, looked up once: it opens a file of each."""
    return entry_points(group=group)


def _packages(*entries: EntryPoint) -> str:
    return ", ".join(sorted(entry.dist.name if entry.dist else entry.value for entry in entries))
