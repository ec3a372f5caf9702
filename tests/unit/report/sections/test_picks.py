"""The section of what was picked."""

from job.acquisition.strategy import Pick
from job.report.drawing.contact_sheet import Sheet
from job.report.sections.picks import PicksSection
from tests.unit.report.make_context import cells, context, facts, round_facts


def test_boxes_of_an_image_beside_the_pools() -> None:
    """4 boxes on 2 picks make 2 an image; the pool has 1,200 on 600."""
    picks = (Pick("1", 0.5, "because"), Pick("2", 0.4, "so"))
    known = facts([round_facts("random", 0, 1, picks=picks), round_facts("a", 0, 1, picks=picks)])
    table = cells(PicksSection().build(context(known)).html)
    assert table[:4] == [["", "boxes/image"], ["pool", "2.00"], ["random", "2.00"], ["a", "2.00"]]
    assert table[-1] == ["random and a", "1.00"]


def test_redundancy_is_a_column_if_it_is_known() -> None:
    """An arm without it has an empty cell."""
    picks = (Pick("1", 0.5, "because"),)
    known = facts([round_facts("random", 0, 1, picks=picks), round_facts("a", 0, 1, picks=picks)])
    found = PicksSection().build(context(known, redundancies={"a": 0.5}))
    assert cells(found.html)[2:4] == [["random", "4.00", ""], ["a", "4.00", "0.500"]]
    assert "redundancy: the mean cosine" in found.html


def test_contact_sheets_are_folded_and_within_the_page() -> None:
    """As data, so that the page needs no other file; the words are escaped."""
    found = PicksSection().build(context(sheets=(Sheet("<a>", 1, 2, b"jpeg"),)))
    assert "<summary>&lt;a&gt;, seed 1, round 2: first picks</summary>" in found.html
    assert 'src="data:image/jpeg;base64,anBlZw=="' in found.html


def test_classes_are_shown_once_something_is_labelled() -> None:
    """After round 0: shares beside those of the pool."""
    assert [each.name for each in PicksSection().build(context()).figures] == ["picked-classes"]
    known = facts([round_facts("random", 0, 0)])
    assert list(PicksSection().build(context(known)).figures) == []
