"""The page of all settings."""

from pathlib import Path

import pytest

from docs.make_configuration import reference


def test_the_page_is_up_to_date() -> None:
    """docs/configuration.md is what `make docs` makes."""
    page = Path(__file__).parents[3] / "docs" / "configuration.md"
    assert page.read_text(encoding="utf-8") == reference()


@pytest.mark.parametrize(
    "row",
    [
        "| `runtime.threads` | `auto` or integer, > 0 | `2` |",
        "| `train.warm_start_steps` | integer, > 0 or `null` | `null` |",
        "| `train.max_grad_norm` | number, > 0 or `null` | `10.0` |",
        "| `train.ema_decay` | number, ≥ 0, < 1 | `0.0` |",
        "| `seeds` | list of integer, ≥ 0 | `[0]` |",
        "| `dataset.synthetic` | section or `null` | `null` |",
        "| `dataset.name` | text | required |",
    ],
)
def test_a_setting_is_shown_with_its_bounds(row: str) -> None:
    """Also if it may be unset, or takes a word or a number."""
    assert row in reference()
