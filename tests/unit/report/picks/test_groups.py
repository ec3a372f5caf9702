"""How many groups each arm has labelled."""

from job.acquisition.strategy import Pick
from job.report.picks.groups import Groups, LabelledGroups, groups_of, num_groups
from job.report.sections.picks import PicksSection
from tests.unit.report.make_context import cells, context, facts, round_facts

GROUPS = {"1": "g", "2": "g", "3": "h"}
"""The groups of a pool of the images 1 to 5."""


def picked(*ids: str) -> tuple[Pick, ...]:
    return tuple(Pick(each, 0.0, "") for each in ids)


def test_an_image_in_no_group_is_a_group_of_its_own() -> None:
    """Also if another group has its name."""
    assert num_groups("12345", GROUPS) == 4
    assert num_groups(["g", "1"], GROUPS) == 2


def test_groups_add_up_over_rounds_and_are_means_over_seeds() -> None:
    """Seed 0 labels 1 and 2, then 3: 1 and 2 groups. Seed 1 labels 1 and 3: 2 groups."""
    rounds = [
        round_facts("a", 0, 0, picks=picked("1", "2")),
        round_facts("a", 0, 1, picks=picked("3")),
        round_facts("a", 1, 0, picks=picked("1", "3")),
        round_facts("a", 1, 1, picks=picked("4"), missing=("annotate", "train")),
    ]
    assert groups_of(facts(rounds), GROUPS, "12345", {}) == Groups(
        4, (LabelledGroups("a", 0, 2.0, 1.5), LabelledGroups("a", 1, 3.0, 2.0))
    )


def test_images_that_came_with_labels_count() -> None:
    """From the round on whose version of the data set they came with."""
    rounds = [round_facts("a", 0, 0, picks=picked("1")), round_facts("a", 0, 1)]
    found = groups_of(facts(rounds), GROUPS, "12345", {0: "2", 1: "25"})
    assert found == Groups(4, (LabelledGroups("a", 0, 2.0, 1.0), LabelledGroups("a", 1, 3.0, 2.0)))


def test_without_groups_there_is_nothing_to_tell() -> None:
    """The section has neither table nor file then."""
    assert groups_of(facts(), {}, "12345", {}) is None
    assert "groups" not in PicksSection().build(context()).tables


def test_the_section_has_groups_beside_images() -> None:
    """A row for each arm and a column for each round; an arm without a round has an empty cell."""
    labelled = (LabelledGroups("random", 0, 100.0, 1.5), LabelledGroups("a", 1, 200.0, 2.0))
    found = PicksSection().build(context(groups=Groups(1234, labelled)))
    table = cells(found.html)
    begin = table.index(["", "round 0", "round 1"])
    assert table[begin + 1 : begin + 3] == [["random", "1.5 / 100", ""], ["a", "", "2.0 / 200"]]
    assert "mean over seeds; the pool has 1,234 groups" in found.html
    assert found.tables["groups"][1] == {"arm": "a", "round": 1, "images": 200.0, "groups": 2.0}
