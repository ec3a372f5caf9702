"""Annotation tools by name: each is imported when its name is asked for."""

from collections.abc import Mapping
from importlib import import_module

from job.annotation.tool import AnnotationTool
from job.artifacts.round_reader import RoundReader

TOOLS: Mapping[str, str] = {
    "label_studio": "job.annotation.label_studio.tool:LabelStudio",
    "files": "job.annotation.files:Files",
}
"""By the value of `annotation.annotator`: where the class is."""


def find_tool(name: str) -> type[AnnotationTool]:
    """Return the class of an annotation tool, by the name that is in `TOOLS`."""
    module, _, attribute = TOOLS[name].partition(":")
    found: type[AnnotationTool] = getattr(import_module(module), attribute)
    return found


def open_tool(io: RoundReader) -> AnnotationTool:
    """Return the annotation tool of the experiment that a round belongs to.

    Raises:
        ConfigError: What the tool needs is not configured, or the tool refuses us.
        TemporaryError: It does not answer.
    """
    return find_tool(io.config.annotation.annotator).opened(io)
