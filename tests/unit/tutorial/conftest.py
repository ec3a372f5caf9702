"""The tutorial's analysis of a small example."""

from pathlib import Path

import pytest

from job.tutorial.analysis import TutorialAnalysis, analyse
from tests.unit.tutorial.make_tutorial import write_tutorial


@pytest.fixture
def small(tmp_path: Path) -> TutorialAnalysis:
    """Mean mAP 0.1, 0.4, 0.5 at 4, 5, 6 images; 0.1, 0.5, 0.6 at 4, 6, 8: counted 4, 8, 12."""
    return analyse(write_tutorial(tmp_path / "results"))
