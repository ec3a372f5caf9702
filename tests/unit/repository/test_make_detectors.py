"""The page of all detectors."""

from docs.make_detectors import PAGE, write
from job.detection.detectors import DETECTORS


def test_the_page_is_up_to_date() -> None:
    """What docs/detectors.md says of each detector is what `make docs` makes."""
    page = PAGE.read_text(encoding="utf-8")
    assert page == write(page)
    assert all(f"### `{name}`" in page for name in DETECTORS.built_in)


def test_a_setting_is_shown_with_its_default_and_its_meaning() -> None:
    """In the section of its detector, with the licence of its weights."""
    section = PAGE.read_text(encoding="utf-8").split("### `retinanet`")[1].split("###")[0]
    assert "| `channels` | `256` | Channels of the feature pyramid" in section
    assert "The licence of the hub's weights: BSD-3-Clause" in section
