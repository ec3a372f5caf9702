# ruff: noqa: N806 - shape suffixes
"""The sections of a data set's page that show images.

C = classes.
"""

from collections.abc import Mapping, Sequence
from contextlib import closing
from itertools import chain

import numpy as np
from markupsafe import Markup

from job.keys import Split
from job.report.data import odd
from job.report.data.facts import DataFacts
from job.report.data.labels import SplitLabels
from job.report.data.look_alikes import Alike
from job.report.data.odd import Shown
from job.report.data.tiles import tiles
from job.report.drawing.outlines import STYLE
from job.report.markup import render
from job.report.sections.base import Section
from job.report.wording import counted, percent
from job.runtime import log
from job.runtime.rng import random_stream

FEW_CLASSES = 20
"""Of so many classes, a sample has several images; of more, one."""
SAMPLE = 2
MAX_CLASSES = 100
"""So many classes have a sample."""
IMAGES_OF: Mapping[Split, str] = {"pool": "images of the pool", "test": "test images"}
NUM_ODD = 4
NUM_UNLABELLED = 8

_SAMPLES = (
    STYLE
    + """
{% if left_out %}<p>Of {{ left_out }} with fewer boxes there is no sample.</p>{% endif %}
<div{% if in_columns %} class="columns"{% endif %}>
{% for title, pictures in parts %}<div><h3>{{ title }}</h3>{{ pictures }}</div>{% endfor %}
</div>
"""
)
_ODDEST = """
<p>A wrong ingest shows here first: boxes beside their objects, boxes of the wrong shape, one object
with two boxes.</p>
{% for title, pictures in parts %}<h3>{{ title }}</h3>{{ pictures }}{% endfor %}
"""
_ALIKE = """
<p>{{ compared }}</p>
{% for title, pictures in parts %}<h3>{{ title }}</h3>{{ pictures }}{% endfor %}
"""


def samples(facts: DataFacts) -> Section:
    """Return images of each class, drawn at random, and images without a label."""
    rng, names = random_stream(0, "data-samples"), facts.dataset.classes
    counts_C = np.sum([each.class_counts_C for each in facts.splits], axis=0)
    chosen = np.argsort(-counts_C, kind="stable")[:MAX_CLASSES]
    found: dict[str, list[Shown]] = {}
    most = SAMPLE if len(names) <= FEW_CLASSES else 1
    for number in sorted(chosen[counts_C[chosen] > 0].tolist()):
        images = [odd.of_class(labels, number, most, rng) for labels in facts.labelled]
        found[names[number]] = list(chain.from_iterable(images))
    for labels in facts.splits:
        title = f"Images of the {labels.split} without a label, a sample"
        found[title] = odd.unlabelled(labels, NUM_UNLABELLED, rng)
    num_left = int(np.sum(counts_C > 0)) - int(np.sum(counts_C[chosen] > 0))
    left_out = counted(num_left, "class", "classes") if num_left else ""
    parts, in_columns = _parts(facts, found), most == 1
    html = render(_SAMPLES, parts=parts, left_out=left_out, in_columns=in_columns)
    title = "A sample of each class" if facts.labelled else "A sample of the images"
    return Section(title=title, link="Samples", html=html)


def _parts(facts: DataFacts, found: Mapping[str, Sequence[Shown]]) -> list[tuple[str, Markup]]:
    """Return titles with their images; those without an image are left out."""
    items = log.track(found.items(), "images", len(found), "parts")
    with closing(items):
        return [(title, tiles(facts.dataset, shown)) for title, shown in items if shown]


def oddest(facts: DataFacts) -> Section:
    """Return the oddest boxes and images."""
    rng, splits = random_stream(0, "data-odd"), facts.labelled
    found = {
        "Smallest boxes, with their surroundings": odd.smallest(splits, NUM_ODD),
        "Largest boxes": odd.largest(splits, NUM_ODD),
        "Narrowest boxes": odd.narrowest(splits, NUM_ODD),
        "Boxes that overlap most": odd.overlapping(splits, NUM_ODD),
        "Boxes at the edge of their image, a sample": odd.touching(splits, NUM_ODD, rng),
        "Most boxes": odd.most_boxes(splits, NUM_ODD),
        "Images without a box, a sample": [
            shown for labels in splits for shown in odd.without_boxes(labels, NUM_ODD, rng)
        ],
    }
    return Section(title="The oddest", html=render(_ODDEST, parts=_parts(facts, found)))


def look_alikes(facts: DataFacts) -> Section:
    """Return pairs of images that look alike, across pool and test first."""
    alike = facts.alike
    of: dict[str, SplitLabels] = {labels.split: labels for labels in facts.splits}
    numbers = [
        f"{number:,} of {len(of[split].ids):,} {IMAGES_OF[split]}"
        for split, number in alike.num_compared.items()
        if split in of
    ]
    pairs = {
        f"Of test and pool: {alike.num_across:,} test images": alike.closest_across,
        f"Within the pool: {alike.num_in_pool:,} images": alike.closest_in_pool,
    }
    found = {
        title: [shown for pair in some for shown in _pair(of, pair)]
        for title, some in pairs.items()
    }
    compared = (
        f"Compared by a perceptual hash: {' and '.join(numbers)}. Images of almost one colour are "
        "left out."
    )
    html = render(_ALIKE, compared=compared, parts=_parts(facts, found))
    return Section(title="Images that look alike", link="Look-alikes", html=html)


def _pair(of: dict[str, SplitLabels], pair: Alike) -> list[Shown]:
    told = f"{percent(pair.share, 1)} of the hash's bits differ"
    return [
        Shown(of[split], row, told if (split, row) == pair.second else "looks like the next one")
        for split, row in (pair.first, pair.second)
    ]
