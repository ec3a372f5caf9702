"""The section of the classes."""

from job.report.sections.classes import ClassesSection
from tests.unit.report.make_context import context, facts, round_facts


def test_average_precision_of_each_class() -> None:
    """A figure, in words: that of the last round."""
    (figure,) = ClassesSection().build(context()).figures
    assert figure.alt == "random: cow 0.50, horse 0.25; a: cow 0.50, horse 0.25"


def test_without_an_evaluation_there_is_no_figure() -> None:
    """Nothing is drawn of nothing."""
    known = facts([round_facts("random", 0, 0, ap50={})])
    assert list(ClassesSection().build(context(known)).figures) == []
