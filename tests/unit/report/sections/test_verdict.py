"""The section of the verdict."""

from job.report.analysis.findings import find
from job.report.analysis.missing import MissingRounds
from job.report.people.anchoring import Rate, anchoring
from job.report.sections.verdict import VerdictSection
from tests.unit.report.make_context import ROWS, cells, context, facts, row


def test_a_verdict_for_each_arm() -> None:
    """With two seeds nothing is claimed; the notes follow."""
    found = VerdictSection().build(context())
    assert "<strong>Nothing is claimed: 2 seeds paired with random, and 5 are needed.</strong>" in (
        found.html
    )
    assert '<div class="verdict not-shown"><strong>It is not shown that a beats random.' in (
        found.html
    )
    assert "So no saving is shown either" in found.html
    assert "<li>A point is a hundredth of mAP.</li>" in found.html
    assert found.numbers.keys() == {"summary"}


def test_the_primary_test_of_each_arm_is_in_a_table() -> None:
    """From 100 to 200 images the arm has 0.1 more in both seeds, whose t is infinite."""
    found = VerdictSection().build(context())
    row = [
        "a",
        "not shown",
        "2",
        "+10.0",
        "+10.0 to +10.0",
        "< 0.001",
        "1.000",
        "2 of 2",
    ]
    assert row in cells(found.html)
    assert "Each image counts the same" in found.html
    assert "Differences within 1 point do not matter." in found.html
    (of_file,) = found.tables["primary"]
    assert (of_file["outcome"], of_file["area_arm"], of_file["p_holm"]) == ("not shown", "a", 0.0)


def test_one_arm_has_no_verdict() -> None:
    """What it reached is told, and no comparison: neither a test nor a saving."""
    found = VerdictSection().build(context(facts(arms=("random",)), ROWS[:4]))
    assert found.title == "Where it stands"
    assert (
        "random has an mAP of 0.400 with 200 labelled images: +20.0 points since it had 100."
        in found.html
    )
    assert "One arm alone: nothing is compared, so nothing is said of what it saves." in found.html
    assert "corrected" not in found.html


def test_one_arm_after_its_first_round_has_gained_nothing_yet() -> None:
    """Its notes say what is to come, without a word on tests."""
    rows = [row("random", 0, 0, 0.2)]
    missing = MissingRounds({"random": 1})
    found = find(rows, ("random",), 600, missing=missing)
    html = VerdictSection().build(context(facts(arms=("random",)), rows, findings=found)).html
    assert "random has an mAP of 0.200 with 100 labelled images.</strong>" in html
    assert "Not finished: 1 round of random to come (see Runs).</li>" in html


def test_savings_and_the_set_up_cost_are_told_of_an_arm_that_is_better() -> None:
    """Five seeds: random needs 200 images for its 0.4, the arm about 133."""
    rows = [
        row(arm, seed, index, value + 0.001 * seed * index)
        for arm, values in (("random", (0.2, 0.4)), ("a", (0.2, 0.5)))
        for seed in range(5)
        for index, value in enumerate(values)
    ]
    # Differences that are all equal have p = 0.
    found = VerdictSection().build(context(rows=rows, setup_cost=1000.0))
    assert '<div class="verdict better">' in found.html
    assert (
        "<li>In labelled images: to reach random&#39;s final mAP of the same seed (0.402 on"
        in found.html
    )
    assert "the set-up costs 1,000.00" in found.html


def test_an_arm_that_cannot_rank_images_is_named() -> None:
    """Whoever reads that it is not better learns that it could not be."""
    found = VerdictSection().build(context(facts(cannot_rank={"a": "there is one class"})))
    assert "<li>a cannot tell images of this data set apart: there is one class.</li>" in found.html


def test_a_suspicion_against_the_labels_stands_in_the_verdict() -> None:
    """All that is claimed rests on labels."""
    right = Rate(50, 100, 80, 0.4, 0.6)
    for kept, expected in ((Rate(90, 100, 40, 0.8, 1.0), True), (right, False)):
        found = VerdictSection().build(context(anchoring=anchoring(kept, right)))
        assert ("Labels may follow the model" in found.html) == expected
