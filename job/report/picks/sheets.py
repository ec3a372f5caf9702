"""Contact sheets of the images that arms picked, with the boxes they were given, for the report."""

from collections.abc import Iterator

from job.artifacts.reader import Reader
from job.data.decoding import decode_rgb
from job.data.shards import LabelledImage
from job.keys import RoundRef
from job.report.analysis.facts import Facts, RoundFacts
from job.report.drawing.contact_sheet import Sheet, Tile, contact_sheet

MAX_IMAGES = 4
"""Images of a round that a sheet shows."""


def sheets_of(reader: Reader, experiment: str, facts: Facts) -> Iterator[Sheet]:
    """Yield a sheet of every annotated round after round 0, of each arm's first seed."""
    shown: dict[str, int] = {}
    for each in facts.rounds:
        is_shown = each.round and each.labelled and "annotate" not in each.missing
        if is_shown and shown.setdefault(each.arm, each.seed) == each.seed:
            ref = RoundRef(experiment, each.seed, each.arm, each.round)
            labelled = {image.id: image for image in reader.labelled_images(ref)}
            yield Sheet(each.arm, each.seed, each.round, _sheet(labelled, facts, each))


def _sheet(labelled: dict[str, LabelledImage], facts: Facts, each: RoundFacts) -> bytes:
    index_of = {name: index for index, name in enumerate(facts.classes)}
    tiles = []
    for pick in each.labelled[:MAX_IMAGES]:
        annotation = labelled[pick.id].annotation
        tiles.append(
            Tile(
                image=decode_rgb(labelled[pick.id].read().data, pick.id),
                boxes_xyxy=annotation.boxes_xyxy,
                labels=[index_of[label] for label in annotation.labels],
                words=annotation.labels,
                caption=f"{pick.id}: {pick.reason}",
            )
        )
    return contact_sheet(tiles, f"{each.arm}, round {each.round}: first picks, true boxes")
