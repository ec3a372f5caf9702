"""Active learning's acquisition: which of the unlabelled images to label next.

This is the public API for strategies in other packages. Inside, `numerics` holds plain algorithms,
`strategy` the contract, `features` what is computed from a score record, and `strategies` and
`wrappers` what the registry knows by name. No module here may import torch or the storage.
"""

from job.acquisition.features.checks import check_classes, check_finite
from job.acquisition.features.embeddings import read_embeddings
from job.acquisition.features.expected_boxes import expected_boxes
from job.acquisition.features.reasons import EXPLANATION, explain_images, reason
from job.acquisition.features.record_pass import read_rows
from job.acquisition.numerics.aggregation import aggregate
from job.acquisition.numerics.cosine import unit
from job.acquisition.numerics.k_center import k_center
from job.acquisition.numerics.top_k import top_k
from job.acquisition.numerics.uncertainty import entropy, margin
from job.acquisition.strategy import (
    Images,
    Pick,
    Record,
    Scores,
    ScoringStrategy,
    Selection,
    Strategy,
    TableRecord,
    Task,
)
from job.records.record_part import RecordPart
from job.records.score_record import GROUND_TRUTH_COLUMNS, ScoreRecord

__all__ = [
    "EXPLANATION",
    "GROUND_TRUTH_COLUMNS",
    "Images",
    "Pick",
    "Record",
    "RecordPart",
    "ScoreRecord",
    "Scores",
    "ScoringStrategy",
    "Selection",
    "Strategy",
    "TableRecord",
    "Task",
    "aggregate",
    "check_classes",
    "check_finite",
    "entropy",
    "expected_boxes",
    "explain_images",
    "k_center",
    "margin",
    "read_embeddings",
    "read_rows",
    "reason",
    "top_k",
    "unit",
]
