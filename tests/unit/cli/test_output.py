"""What commands print."""

import os
import subprocess
import sys

import pytest

from job.cli.output import show
from job.runtime.tables import TextTable

CODE = """
from job.runtime.process_setup import prepare_process
prepare_process()
from job.cli.output import say, show
from job.runtime.tables import TextTable
show(TextTable("T", ("class",), {"class"}, [("\\u732b\\udc80",)]))
say("caf\\xe9")
"""


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8", "cp1252"])
def test_an_output_that_lacks_letters_gets_escapes(encoding: str) -> None:
    """A command that has done its work does not fail because of a letter."""
    environment = os.environ | {"PYTHONIOENCODING": encoding}
    ended = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-c", CODE], env=environment, capture_output=True, check=True
    )
    output = ended.stdout.decode(encoding)
    assert ("\u732b" if encoding == "utf-8" else "\\u732b") in output
    assert ("caf\\xe9" if encoding == "ascii" else "caf\xe9") in output


def test_a_pipe_gets_tables_as_wide_as_they_are(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever a terminal elsewhere has room for."""
    monkeypatch.setenv("COLUMNS", "20")
    names = [f"{letter * 63}" for letter in "abcdefgh"]
    show(TextTable("T", names, names, [(*names,)]))
    line = capsys.readouterr().out.splitlines()[-2]
    assert all(name in line for name in names)
    assert len(line) < 8 * 66 + 2
