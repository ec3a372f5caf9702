"""The habits that docs/style.md asks to avoid, as far as they can be found by their words."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
AVOIDED = {
    "continue or resume": r"\bgo(es)? on\b",
    "previous round": r"\bround before\b",
    "is not a": r"(?<![Tt]here )(?<!, )\bis no (?!longer)\w",
    "is not one of": r"\bare none of\b",
    "the first of equal ones": r"\bOf equal\b",
    "retry": r"\btr(y|ied) again\b",
    "marker, and not: is no marker": r"\bis no marker\b",
    "the fully supervised arm": r"\bfull[- ]pool\b",
}
"""What to write -> a pattern of what not to write."""
FOLDERS = ("job", "helm", "k8s", "docs")
EXCEPT = {"docs/style.md", "docs/glossary.md"}  # they explain the words


def texts() -> list[Path]:
    found = [
        path
        for folder in FOLDERS
        for path in sorted((ROOT / folder).rglob("*"))
        if path.suffix in {".py", ".md", ".yaml", ".tpl", ".txt", ".j2", ".json"}
        and not {"results", "_build"}.intersection(path.relative_to(ROOT).parts)
    ]
    return [*found, ROOT / "README.md", ROOT / "CONTRIBUTING.md"]


@pytest.mark.parametrize("instead", AVOIDED)
def test_a_habit_is_avoided(instead: str) -> None:
    """No text of the product has it: the name of the test says what to write instead."""
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in texts()
        if str(path.relative_to(ROOT)) not in EXCEPT
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if re.search(AVOIDED[instead], line)
    ]
    assert not found, "\n".join(found)
