"""Contact sheets of the images that arms picked, with the boxes they were given, for the report."""

from collections.abc import Iterator

from job.artifacts.markers import Markers
from job.data.decoding import decode_rgb
from job.data.shards import LabelledImage, read_labelled
from job.keys import RoundRef
from job.report.analysis.facts import Facts, RoundFacts
from job.report.drawing.contact_sheet import Sheet, Tile, contact_sheet
from job.storage import Store
from job.storage.cache import fetch

MAX_IMAGES = 4
"""Images of a round that a sheet shows."""


def sheets_of(store: Store, experiment: str, facts: Facts) -> Iterator[Sheet]:
    """Yield a sheet of every annotated round after round 0, of each arm's first seed."""
    markers = Markers(store)
    shown: dict[str, int] = {}
    for each in facts.rounds:
        is_shown = each.round and each.picks and "annotate" not in each.missing
        if is_shown and shown.setdefault(each.arm, each.seed) == each.seed:
            ref = RoundRef(experiment, each.seed, each.arm, each.round)
            labelled = _labelled(store, markers, ref)
            yield Sheet(each.arm, each.seed, each.round, _sheet(labelled, facts, each))


def _labelled(store: Store, markers: Markers, ref: RoundRef) -> dict[str, LabelledImage]:
    """Return the images that a round had annotated, by id."""
    stage = ref.stage("annotate")
    marker = markers.get(stage)
    names = [name for name in marker.outputs if name.endswith(".tar")] if marker else []
    shards = (fetch(store, stage.key(name), marker.outputs[name]) for name in names if marker)
    return {image.id: image for path in shards for image in read_labelled(path)}


def _sheet(labelled: dict[str, LabelledImage], facts: Facts, each: RoundFacts) -> bytes:
    index_of = {name: index for index, name in enumerate(facts.classes)}
    tiles = []
    for pick in each.picks[:MAX_IMAGES]:
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
