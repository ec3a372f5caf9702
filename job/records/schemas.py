"""Parquet schemas of the tables that are not score records."""

import pyarrow as pa

INDEX_SCHEMA = pa.schema(
    [
        ("id", pa.string()),
        ("sha256", pa.string()),
        ("width", pa.int32()),
        ("height", pa.int32()),
        ("shard", pa.int32()),
        ("suffix", pa.string()),
        ("offset", pa.int64()),
        ("size", pa.int64()),
    ]
)
"""`datasets/<name>/<split>/index.parquet`: where each image's bytes lie in its shard.

`offset` and `size` are those of the image file itself, in bytes, after its tar header. `suffix` is
the file's, such as `.jpg`. Rows are in the order of the shards.
"""

GROUP_FIELD = pa.field("group", pa.string())
"""The last column of the indexes of a data set with groups: null if an image is in none."""

ANNOTATIONS_SCHEMA = pa.schema(
    [
        ("id", pa.string()),
        ("width", pa.int32()),
        ("height", pa.int32()),
        ("boxes_xyxy", pa.list_(pa.list_(pa.float32(), 4))),
        ("labels", pa.list_(pa.string())),
        ("difficult", pa.list_(pa.bool_())),
        ("crowd", pa.list_(pa.bool_())),
    ]
)
"""`oracle/annotations.parquet`: the ground truth of the pool, in the order of the index."""

LABELS_SCHEMA = pa.schema([*ANNOTATIONS_SCHEMA, ("given", pa.bool_()), ("corrected", pa.bool_())])
"""`labels/annotations.parquet`: labels that did not come from the oracle.

`given`: the label came along with its image. Other rows were added later. `corrected`: the row
takes the place of an earlier label. An image has at most one row that is given, and one that is
not, which wins. Rows that are given come first; both are in the order of the index.
"""

DETECTIONS_SCHEMA = pa.schema(
    [
        ("id", pa.string()),
        ("boxes_xyxy", pa.list_(pa.list_(pa.float32(), 4))),
        ("labels", pa.list_(pa.string())),
        ("scores", pa.list_(pa.float32())),
    ]
)
"""`evaluate/detections.parquet`: the detections in the test images."""
