"""The rules that every detector keeps, as tests for packages that bring one; needs pytest.

In `conftest.py`, `pytest_plugins = ["job.testing"]`. Then a test module has a class for each kind of
detector:

    class TestMine(DetectorContract):
        settings = {"model": "mine", "size": 64, "backbone": "scratch"}

        def reference(self, detector, batch, config): ...

`__all__` is the API.
"""

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from job.testing.detector_contract import DetectorContract

__all__ = ["DetectorContract"]

pytest.register_assert_rewrite("job.testing.detector_contract")


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker of the rules that take seconds each."""
    line = "detectors: trains a detector, or builds a large one: seconds each"
    config.addinivalue_line("markers", line)


def __getattr__(name: str) -> Any:
    if name == "DetectorContract":
        from job.testing.detector_contract import DetectorContract  # noqa: PLC0415 - loads torch

        return DetectorContract
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)
