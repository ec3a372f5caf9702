"""The average precision of each class."""

import math
from typing import ClassVar

from job.report.analysis.facts import ap_by_arm
from job.report.drawing.figures import class_bars
from job.report.markup import render
from job.report.sections.base import Context, Section, SectionBuilder


class ClassesSection(SectionBuilder):
    """Average precision by class and arm after the last round."""

    needs_metrics: ClassVar[bool] = True

    def build(self, context: Context) -> Section:
        """Return the section."""
        figures, rows = [], []
        if by_arm := ap_by_arm(context.facts):
            title = "Average precision of each class after the last round"
            plot = class_bars("classes", title, "AP at IoU 0.5", by_arm, context.styles)
            figures.append(context.draw(plot))
            rows = [
                {"class": name, "arm": arm, "ap50": None if math.isnan(value) else value}
                for arm, by_class in by_arm.items()
                for name, value in by_class.items()
            ]
        return Section(
            title="Classes",
            html=render("{% for each in figures %}{{ figure(each) }}{% endfor %}", figures=figures),
            figures=figures,
            tables={"classes": rows} if rows else {},
        )
