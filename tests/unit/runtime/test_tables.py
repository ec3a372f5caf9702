"""Tables in terminals and pipes."""

import pytest
from rich.console import Console

from job.runtime.tables import TextTable, plain

LONG = "brust_sum_with_class_weights_and_margin_learning_rate_of_0.00100"


def shown(table: TextTable, width: int) -> str:
    console = Console(width=width, color_system=None, legacy_windows=False)
    with console.capture() as capture:
        console.print(table)
    return capture.get()


@pytest.mark.parametrize("name", ["bus [/small]", "cat [occluded]", "[red]", "$x_$", ":smile:"])
def test_a_cell_is_text(name: str) -> None:
    """Nothing in it is markup, in titles and headers neither."""
    table = TextTable(f"T {name}", ("class", name), {"class"}, [(name, "0.5")])
    assert shown(table, 200).count(name) == 3


def test_a_row_may_be_shorter() -> None:
    """Its last cells are empty."""
    assert "- a pool" in shown(TextTable("T", ("a", "a long name"), {"a"}, [("pool",)]), 10)


def test_names_are_folded_and_never_cut() -> None:
    """All their letters are there, also of two names that begin alike; figures stay in a line."""
    rows: list[tuple[str, ...]] = [(LONG, "0.123"), (f"{LONG}b", "0.456")]
    text = shown(TextTable("T", ("arm", "mAP50"), {"arm"}, rows), 40)
    assert all(len(line) <= 40 for line in text.splitlines())
    assert "\N{HORIZONTAL ELLIPSIS}" not in text
    letters = "".join(letter for letter in text if letter.isascii()).replace(" ", "")
    assert "0.123" in letters
    assert "".join(text.split()).count("0.456") == 1


def test_without_room_for_the_figures_a_table_is_a_list() -> None:
    """Each row is told with the names of its columns."""
    table = TextTable("T", ("arm", "boxes in an image", "hours"), {"arm"}, [("a", "1.5", "2")])
    told = "T - arm a, boxes in an image 1.5, hours 2"
    assert " ".join(shown(table, 30).split()) == told
    assert "hours" in shown(table, 60).splitlines()[2]


def test_control_characters_are_escapes() -> None:
    """A name cannot move the cursor of a terminal."""
    assert plain("a\x1b[31m\n\u732b") == "a\\x1b[31m\\n\u732b"
