"""Habits of the code that no linter knows."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
MAX_LINES = 320


def python_files(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


@pytest.mark.parametrize("path", python_files("tests"), ids=lambda path: path.stem)
def test_a_test_states_its_rule(path: Path) -> None:
    """Every test function has a docstring of one or more sentences."""
    without = [
        node.name
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef)
        and node.name.startswith("test_")
        and not ast.get_docstring(node)
    ]
    assert not without


def test_a_file_fits_into_one_reading() -> None:
    """No module of the package is longer than the limit."""
    long = {
        str(path.relative_to(ROOT)): num_lines
        for path in python_files("job")
        if (num_lines := len(path.read_text(encoding="utf-8").splitlines())) > MAX_LINES
    }
    assert not long


def test_a_folder_of_the_package_says_what_it_holds() -> None:
    """Every package has a docstring, so that `ls` and one line are enough to find a place."""
    without = [
        str(path.relative_to(ROOT))
        for path in (ROOT / "job").rglob("__init__.py")
        if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert not without


def test_unit_tests_lie_where_the_code_lies() -> None:
    """A folder of unit tests has the name of a folder of the package, or of the repository."""
    others = {"repository", "k8s"}
    folders = {
        path.relative_to(ROOT / "tests" / "unit")
        for path in (ROOT / "tests" / "unit").rglob("test_*.py")
        if path.parent != ROOT / "tests" / "unit"
    }
    lost = {
        str(path.parent)
        for path in folders
        if path.parts[0] not in others and not (ROOT / "job" / path.parent).is_dir()
    }
    assert not lost
