"""Kinds of things that other packages add to."""

from collections.abc import Callable

import pytest

from job.errors import ConfigError
from job.runtime import plugins
from job.runtime.plugins import Registry


@pytest.fixture
def registry() -> Registry:
    return Registry("thing", "al_voc.things", {"ours": "pathlib:Path"})


def test_packages_are_looked_through_once(
    registry: Registry, monkeypatch: pytest.MonkeyPatch, install_plugin: Callable[..., None]
) -> None:
    """Each has a file to open; those on another path are found nevertheless."""
    assert registry.names() == ["ours"]
    with monkeypatch.context() as patch:
        patch.setattr(plugins, "entry_points", None)
        assert registry.outside_names() == []
        with pytest.raises(ConfigError, match="thing: unknown 'theirs'"):
            registry.load("theirs", object)
    install_plugin("theirs", "class Thing: pass", "al_voc.things", "theirs = theirs:Thing")
    assert registry.names() == ["ours", "theirs"]
