"""docs/score-record.md: its code runs."""

import re
from pathlib import Path

import pytest

from tests.conftest import AlJob

STAGES = ("select", "annotate", "train", "score")
PAGE = Path(__file__).parents[3] / "docs/score-record.md"


def test_the_code_of_the_page_runs(
    al_job: AlJob,
    tiny: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Block after block, where an experiment of the page's name was run into ./state."""
    monkeypatch.chdir(tmp_path)
    text = tiny.replace("experiment: tiny", "experiment: quickstart")
    Path("tiny.yaml").write_text(text.replace("name: drawn", "name: synthetic"))
    for command in ("init tiny.yaml", *(f"{stage} --round 0" for stage in STAGES)):
        assert al_job(*command.split()).code == 0
    code = "".join(re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL))
    exec(code, {})  # noqa: S102 - the page's own code
    printed = capsys.readouterr().out.splitlines()
    assert printed[0].startswith("000000 [")
    assert printed[-1].startswith("5 images, ")  # as many as a part of `tiny` has
