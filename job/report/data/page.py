"""The page of a data set: what it says and shows, before any training."""

from job.data.dataset import Dataset
from job.report.data.facts import DataFacts, DefaultBox, read_data_facts
from job.report.data.pictures import look_alikes, oddest, samples
from job.report.data.tables import classes, image_sizes, origin, overview, shapes
from job.report.drawing.render import Draw
from job.report.page import Page

NUM_ALIKE = 4
"""Pairs of near-duplicates that are shown, of each kind."""


def data_page(dataset: Dataset, default_box: DefaultBox, draw: Draw) -> Page:
    """Return the page of a data set.

    Raises:
        BadDataError: An object of the data set is damaged or missing.
    """
    facts = read_data_facts(dataset, default_box, NUM_ALIKE)
    name = dataset.keys.name
    version = f", version {dataset.version}" if dataset.version > 1 else ""
    sections = {"overview": overview(facts), "samples": samples(facts)}
    if facts.labelled:
        sections["oddest"] = oddest(facts)
        sections["boxes"] = shapes(facts, draw)
        sections["classes"] = classes(facts, draw)
    sections["images"] = image_sizes(facts)
    sections["alike"] = look_alikes(facts)
    sections["origin"] = origin(facts)
    return Page(
        title=f"{name}: the data set",
        heading=f"{name}{version}",
        about=_about(facts),
        sections=sections,
    )


def _about(facts: DataFacts) -> str:
    text = "Is this what was meant to be ingested? Look at the samples and at the oddest boxes."
    if facts.dataset.has_ground_truth:
        text += (
            " The page shows the ground truth of the pool, which no strategy sees. It is for"
            " checking an ingest, and not for choosing what to label."
        )
    return text
