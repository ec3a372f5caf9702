"""Contact sheets of what arms picked, with the true boxes, for the report."""

from collections.abc import Iterator

from job.data.dataset import Dataset
from job.data.decoding import decode_rgb
from job.report.analysis.facts import Facts, RoundFacts
from job.report.drawing.contact_sheet import Sheet, Tile, contact_sheet

MOST = 4
"""Images of a round."""


def sheets_of(dataset: Dataset, facts: Facts) -> Iterator[Sheet]:
    """Yield a sheet of each arm's every round after round 0, under the first seed that has one."""
    shown: dict[str, int] = {}
    for each in facts.rounds:
        if each.round and each.picks and shown.setdefault(each.arm, each.seed) == each.seed:
            yield Sheet(each.arm, each.seed, each.round, _sheet(dataset, facts, each))


def _sheet(dataset: Dataset, facts: Facts, each: RoundFacts) -> bytes:
    picks = each.picks[:MOST]
    annotations = dataset.oracle_annotations([pick.id for pick in picks])
    index_of = {name: index for index, name in enumerate(facts.classes)}
    tiles = [
        Tile(
            image=decode_rgb(dataset.read_image("pool", pick.id).data, pick.id),
            boxes_xyxy=annotations[pick.id].boxes_xyxy,
            labels=[index_of[label] for label in annotations[pick.id].labels],
            words=annotations[pick.id].labels,
            caption=f"{pick.id}: {pick.reason}",
        )
        for pick in picks
    ]
    return contact_sheet(tiles, f"{each.arm}, round {each.round}: first picks, true boxes")
