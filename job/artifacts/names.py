"""The names of the objects that stages write."""

PICKS = "picks.csv"
COST = "cost.json"
BATCH = "batch.json"
"""What people are asked for, written before the first of them is."""
ANNOTATING = "annotating.json"
"""How far people are, while they label; nothing goes by it but the status."""
HEARD = "heard.json"
"""What they have answered so far, until it is in the book of labels."""
OUTCOME = "outcome.json"
"""What became of each image that people were asked for."""
LABELLED_SHARD = "00000.tar"
GIVEN_SHARD = "given.tar"
"""Images whose labels came along; the shard of the picks is `LABELLED_SHARD`."""
LABELLED_SHARDS = "*.tar"
MODEL = "model.safetensors"
HISTORY = "history.jsonl"
CORRECTED = "corrected.csv"
"""The ids of the images that were trained on with a label that was corrected since."""
METRICS = "metrics.json"
DETECTIONS = "detections.parquet"
SCORE_PARTS = "part-*.parquet"
LABELLED_PARTS = "labelled-*.parquet"
CHECKPOINTS = "checkpoint-"
"""How the name of a checkpoint begins."""
RERUN = "restore it from a copy of the store, or remove its stage's done.json to run that again"
"""What to do with a damaged object of a finished stage, for messages."""


def by_content(name: str, sha256: str) -> str:
    """Return what an output is called in the store, where other bytes have another name."""
    stem, dot, suffix = name.partition(".")
    return f"{stem}-{sha256[:16]}{dot}{suffix}"


def score_part(number: int) -> str:
    """Return the name of a part of the score record of the unlabelled images."""
    return SCORE_PARTS.replace("*", f"{number:05d}")


def labelled_part(number: int) -> str:
    """Return the name of a part of the score record of the labelled images."""
    return LABELLED_PARTS.replace("*", f"{number:05d}")
