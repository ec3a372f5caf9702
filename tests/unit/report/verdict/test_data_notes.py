"""What the report says of the data: what came along, later versions, corrected labels."""

from job.acquisition.strategy import Pick
from job.artifacts.cost import Cost
from job.report.verdict.data_notes import notes_on_data
from tests.unit.report.make_context import facts, round_facts


def test_data_without_any_of_it_need_no_word() -> None:
    """As of an experiment on one version, all of whose labels are paid for."""
    assert notes_on_data(facts()) == ()


def test_the_cost_of_a_test_set_from_the_pool_is_told_apart() -> None:
    """Of its newest version, with the sizes that it had before, and with what growing means."""
    first, second = Cost(300, 800, 7200.0, 100.0), Cost(500, 1400, 10800.0, 150.5)
    (note,) = notes_on_data(facts(test_costs=(first,)))
    assert note == (
        "Models are measured on 300 images of the pool: drawn at random, never selected. Their 800 "
        "boxes took 2.0 hours and 100.00 of money, which are in no arm's cost."
    )
    grown, bias, left_out = notes_on_data(facts(test_costs=(first, second), num_outdated=1))
    assert "500 images of the pool, version 2 (before it: 300): drawn at random" in grown
    assert "Their 1400 boxes took 3.0 hours and 150.50 of money" in grown
    assert "drawn from the images that no arm had selected" in bias
    assert left_out.startswith("1 result is left out, of an earlier version of the test set: ")


def test_what_came_along_is_counted_and_costs_nothing() -> None:
    """In the round from which on it is there, once for all arms and seeds."""
    rounds = [
        round_facts(arm, 0, index, num_given=number)
        for arm in ("random", "a")
        for index, number in enumerate((20, 20, 21))
    ]
    rest = "they count as labelled images and boxes, and cost neither time nor money."
    assert notes_on_data(facts(rounds)) == (
        f"20 images came along with labels in round 0: {rest}",
        f"1 image came along with labels in round 2: {rest}",
    )


def test_a_move_is_told_with_the_size_of_the_pool() -> None:
    """The test set is named only if there is one."""
    known = facts(moves=((3, 2, 1200),), has_test=True)
    begin = "From round 3 on, version 2 of the data set is used, with 1200 images in its pool"
    assert notes_on_data(known) == (f"{begin} and the same test set.",)
    assert notes_on_data(facts(moves=((3, 2, 1200),), has_test=False)) == (f"{begin}.",)


def test_corrected_labels_are_counted_by_arm() -> None:
    """The largest number of any round and seed, and the first round that trained on them."""
    numbers = {("random", 0): 0, ("random", 1): 2, ("a", 0): 0, ("a", 1): 1}
    rounds = [
        round_facts(arm, 0, index, num_corrected=number) for (arm, index), number in numbers.items()
    ]
    (note,) = notes_on_data(facts(rounds))
    assert note.startswith(
        "Labels were corrected: from round 1 on, training uses the right ones: in one round up "
        "to 2 of random and 1 of a. Earlier rounds keep what they were trained on"
    )


def test_odd_picks_are_told_once_for_each_arm() -> None:
    """With the first round that has some; the picks of round 0 are the cold start's."""
    pick = (Pick("a", 0.0, "drawn"),)
    rounds = [
        round_facts("random", 0, 0, picks=pick, cautions=("all of one video",)),
        *(
            round_facts("a", seed, index, picks=pick, cautions=cautions)
            for seed, index, cautions in [
                (0, 1, ()),
                (0, 2, ("all of one class", "too many boxes")),
                (1, 1, ("all of one class",)),
            ]
        ),
    ]
    (note,) = notes_on_data(facts(rounds))
    where = "The picks of a look odd in 2 of 3 rounds, such as in round 2 of seed 0"
    assert note == f"{where}: all of one class; too many boxes."
