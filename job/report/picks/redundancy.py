"""How alike the images are that an arm picked in one round, for the report."""

from statistics import fmean

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from job.acquisition.features.embeddings import Embeddings
from job.artifacts.reader import Reader
from job.keys import RoundRef
from job.records.arrays import matrix
from job.report.analysis.facts import Facts
from job.report.picks.statistics import redundancy


def redundancies(reader: Reader, experiment: str, facts: Facts) -> dict[str, float]:
    """Return each arm's mean cosine of a pick to the pick of its round that is most like it.

    The mean over all rounds after round 0 and all seeds, if round 0 was scored: embeddings are
    those of round 0's model, so that all arms are measured alike.

    Raises:
        BadDataError: A score record is damaged.
    """
    found: dict[str, list[float]] = {}
    for seed in dict.fromkeys(each.seed for each in facts.rounds):
        mine = [each for each in facts.rounds if each.seed == seed and each.round and each.picks]
        wanted = {pick.id for each in mine for pick in each.picks}
        embeddings = _embeddings(reader, RoundRef(experiment, seed, None, 0), wanted)
        for each in mine:
            rows = [embeddings[pick.id] for pick in each.picks if pick.id in embeddings]
            value = redundancy(np.stack(rows)) if rows else None
            if value is not None:
                found.setdefault(each.arm, []).append(value)
    return {arm: fmean(values) for arm, values in found.items()}


def _embeddings(reader: Reader, first: RoundRef, wanted: set[str]) -> dict[str, Embeddings]:
    """Return the embeddings of some images, (E,) each, by round 0's score record, part by part."""
    if not wanted or not reader.markers.get(first.stage("score")):
        return {}
    found: dict[str, Embeddings] = {}
    is_wanted = pc.field("id").isin(pa.array(sorted(wanted), pa.string()))
    for path in reader.score_parts(first):
        table = pq.read_table(path, columns=["id", "embedding"], filters=is_wanted)
        if len(table):
            vectors = matrix(table["embedding"]).astype(np.float16)
            found |= dict(zip(table["id"].to_pylist(), vectors, strict=True))
    return found
