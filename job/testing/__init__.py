"""The rules that every detector keeps, as tests for packages that bring one; needs pytest.

In `conftest.py`, `pytest_plugins = ["job.testing"]`. Then a test module has a class for each kind
of detector:

    class TestMine(DetectorContract):
        settings = {"model": "mine", "size": 64, "backbone": "scratch"}

        def reference(self, detector, batch, config): ...

`__all__` is the API.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest

from job.config.schema import EvaluateConfig

if TYPE_CHECKING:
    from job.testing.detector_contract import DetectorContract
    from job.testing.trying import Found

__all__ = ["DetectorContract", "EvaluateConfig", "Found"]

_PLACES = {"DetectorContract": "detector_contract", "Found": "trying"}
"""The modules that load torch."""

pytest.register_assert_rewrite("job.testing.detector_contract")


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker of the rules that take seconds each."""
    line = "detectors: trains a detector, or builds a large one: seconds each"
    config.addinivalue_line("markers", line)


def __getattr__(name: str) -> Any:
    if name in _PLACES:
        return getattr(import_module(f"job.testing.{_PLACES[name]}"), name)
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)
