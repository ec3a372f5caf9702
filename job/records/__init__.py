"""Annotations, score records and the tables' schemas, in memory and in Parquet.

May import nothing else of the package. `__all__` is part of the API of plug-ins.
"""

from job.records.annotation import Annotation
from job.records.record_part import RecordPart
from job.records.score_record import GROUND_TRUTH_COLUMNS, GroundTruthMatches, ScoreRecord

__all__ = [
    "GROUND_TRUTH_COLUMNS",
    "Annotation",
    "GroundTruthMatches",
    "RecordPart",
    "ScoreRecord",
]
