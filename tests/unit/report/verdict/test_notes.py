"""What the reader of a comparison has to know."""

from job.report.analysis.comparison import compare
from job.report.verdict.notes import notes_on
from tests.unit.report.make_curves import BASE, curve, curves


def test_how_small_the_exact_p_can_be() -> None:
    """With 5 pairs 2 of 32 flips: 1/16."""
    notes = notes_on(compare([*curves("random", BASE), *curves("a", BASE)], 1000))
    assert any("with 5 seeds its p cannot be below 1/16" in note for note in notes)


def test_another_baseline_is_named() -> None:
    """Arms are compared with random if there is one."""
    notes = notes_on(compare([curve("b", 0, [0.1, 0.2]), curve("a", 0, [0.1, 0.2])]))
    assert "Arms are compared with b, not with random." in notes


def test_budgets_beyond_half_of_the_pool_are_named() -> None:
    """From the first of them on; half of 400 images is not beyond."""
    both = [*curves("random", BASE), *curves("a", BASE)]
    assert any(
        note.startswith("Budgets from 300 images on") for note in notes_on(compare(both, 400))
    )
    assert not any("half of the pool" in note for note in notes_on(compare(both, 600)))


def test_seeds_that_are_missing_or_ended_early_are_named() -> None:
    """Seed 1 is missing in one arm, seed 2 has one of three rounds."""
    both = [*curves("random", BASE[:3]), curve("a", 0, [0.1, 0.2, 0.3]), curve("a", 2, [0.1])]
    notes = notes_on(compare(both))
    assert "a: seed 1 missing." in notes
    assert "a: seed 2 ended early." in notes
