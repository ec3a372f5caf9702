"""Annotation tools by name."""

from job.annotation.tool import AnnotationTool
from job.annotation.tools import TOOLS, find_tool
from job.config.annotation import PEOPLE


def test_people_are_asked_in_tools() -> None:
    """Each annotator of the configuration that is people has one, and no other has."""
    assert TOOLS.keys() == set(PEOPLE)
    for name in PEOPLE:
        assert issubclass(find_tool(name), AnnotationTool)
