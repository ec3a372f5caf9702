"""The contract of a section: from an experiment's results to a part of the page."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import ClassVar

from markupsafe import Markup

from job.config.schema import Config
from job.report.analysis.facts import Facts
from job.report.analysis.findings import Findings
from job.report.analysis.results import Row
from job.report.drawing.contact_sheet import Sheet
from job.report.drawing.figures import Style, styles_of
from job.report.drawing.render import Draw, Drawing
from job.report.errors.summary import ArmErrors
from job.report.people.anchoring import Anchoring
from job.report.people.rounds import People
from job.report.picks.groups import Groups
from job.report.pool.contents import PoolContents
from job.report.pool.model import DrawnMetric
from job.report.tables import TableRows


@dataclass(frozen=True, kw_only=True)
class Context:
    """What a section can show, and how it draws."""

    config: Config
    rows: Sequence[Row]
    """The results of every round that has been evaluated; at least one."""
    facts: Facts
    """What is known beside the learning curves."""
    findings: Findings
    """What the learning curves say."""
    draw: Draw
    """Draws a figure."""
    sheets: Sequence[Sheet] = ()
    """Contact sheets of picks, in the order of the page."""
    redundancies: Mapping[str, float] = field(default_factory=dict)
    """The mean cosine of a pick to the most similar pick of its round, by arm."""
    pool: PoolContents | None = None
    """What random draws say of the pool; None if there are none."""
    drawn_metrics: Sequence[DrawnMetric] = ()
    """What random draws say of models, at most one an arm."""
    people: People | None = None
    """What people did; None if nobody was asked."""
    anchoring: Anchoring | None = None
    """Whether people keep more proposals than are right; None if nobody can tell."""
    groups: Groups | None = None
    """How many groups of images each arm has labelled; None if the data set has no groups."""
    errors: tuple[ArmErrors, ...] = ()
    """What the last models get wrong, by arm; those whose detections were read."""
    setup_cost: float | None = None
    """Money to set up active learning, once. None: the report does not say whether it pays."""
    goal: float | None = None
    """The mAP to forecast the images for; None: those of `default_goals`."""

    @cached_property
    def is_measured(self) -> bool:
        """Whether any round has a metric."""
        return any(row.mAP is not None for row in self.rows)

    @cached_property
    def styles(self) -> dict[str, Style]:
        """How each arm is drawn."""
        return styles_of(self.findings.comparison.arms)


@dataclass(frozen=True, kw_only=True)
class Section:
    """A part of a page."""

    title: str
    html: Markup
    """What stands below the title; text that is not `Markup` would be escaped."""
    link: str = ""
    """Its name in the page's navigation; if empty, the title."""
    figures: Sequence[Drawing] = ()
    """To be written as files; `html` shows them."""
    tables: Mapping[str, TableRows] = field(default_factory=dict)
    """To be written as CSV files, by their names without suffix."""
    numbers: Mapping[str, object] = field(default_factory=dict)
    """To be written into the page's JSON file, by key."""


class SectionBuilder(ABC):
    """Builds one section of the report; made without arguments."""

    needs_metrics: ClassVar[bool] = False
    """Whether the section is left out if no round has a metric."""

    @abstractmethod
    def build(self, context: Context) -> Section | None:
        """Return the section for an experiment; None if there is nothing to show."""
