"""The program of a process that trains with others."""

import subprocess
import sys


def test_it_is_set_up_before_torch_is_imported() -> None:
    """Memory and threads have to be set up first; so the program itself imports no torch."""
    code = "import sys, job.detection.training.member; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0  # noqa: S603 - our own code
