"""A section of the report: what each round may label."""

from job.report.sections import Context, Section, SectionBuilder, render


class BudgetSection(SectionBuilder):
    """The budget of the experiment in one sentence."""

    def build(self, context: Context) -> Section:
        """Return the section."""
        budget = context.config.budget
        return Section(
            title="Budget",
            html=render(
                "<p>{{ first }} images in round 0, then {{ later }} a round.</p>",
                first=budget.initial,
                later=budget.per_round,
            ),
            numbers={"budget": budget.model_dump()},
        )
