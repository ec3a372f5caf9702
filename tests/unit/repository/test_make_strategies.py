"""The page of all strategies."""

from docs.make_strategies import PAGE, write


def test_the_page_is_up_to_date() -> None:
    """What docs/strategies.md says of each strategy is what `make docs` makes."""
    page = PAGE.read_text(encoding="utf-8")
    assert page == write(page)


def test_a_setting_is_shown_with_its_default_and_its_meaning() -> None:
    """In the section of its strategy, as its docstring has it."""
    section = PAGE.read_text(encoding="utf-8").split("### `random_share`")[1].split("##")[0]
    assert "| `of` | required | The strategy inside, with its settings, written like an arm. |" in (
        section
    )
    assert "| `share` | `0.1` | The share of the budget that is drawn at random, rounded" in section


def test_the_overview_says_what_a_strategy_reads() -> None:
    """Columns, a wrapper's rule in words, or nothing."""
    page = PAGE.read_text(encoding="utf-8")
    assert "picks. | `embedding` |" in page
    assert "likely. | nothing |" in page
    assert "| what the strategy inside reads, and the objectness |" in page
