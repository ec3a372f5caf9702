"""The names of stages' objects are spelt in one package."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import job
from job.artifacts import names

ROOT = Path(job.__file__).parent
SPELT = re.compile(
    r"metrics\.json|model\.safetensors|(?:^|/)part-|(?:^|/)labelled-|detections\.parquet"
    r"|history\.jsonl|picks\.csv|cost\.json|done\.json|^logs/"
)


def strings(path: Path) -> Iterator[str]:
    """Yield the strings of a module, its docstrings left out."""
    tree = ast.parse(path.read_text())
    docstrings = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and id(node) not in docstrings:
            yield str(node.value)


def test_no_other_module_spells_the_name_of_a_stages_object() -> None:
    """Whoever needs an object of a stage asks `job.artifacts`; `job.keys` has the markers' keys."""
    found = {
        f"{path.relative_to(ROOT)}: {text}"
        for path in ROOT.rglob("*.py")
        if "artifacts" not in path.parts and path.name != "keys.py"
        for text in strings(path)
        if SPELT.search(text) and " " not in text  # prose may name them
    }
    assert found == set()


def test_parts_are_numbered_so_that_their_names_sort() -> None:
    """Part 10 comes after part 9, also by name."""
    assert names.score_part(9) == "part-00009.parquet" < names.score_part(10)
    assert names.labelled_part(9) == "labelled-00009.parquet" < names.labelled_part(10)
