"""The oracle: the simulated annotator, who answers with the data set's own ground truth.

Nothing else reads `datasets/<name>/oracle/annotations.parquet`.
"""

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from job.annotators.base import Annotator
from job.errors import BadDataError
from job.records.annotation import Annotation
from job.storage.cache import fetch


class Oracle(Annotator):
    """Knows the ground truth of the pool."""

    def annotate(self, ids: Sequence[str]) -> dict[str, Annotation]:
        """Return the ground truth of images of the pool, in the order of `ids`.

        Raises:
            BadDataError: The table of the ground truth is damaged, or lacks an image.
        """
        store, key = self.dataset.store, self.dataset.keys.annotations
        path = fetch(store, key, self.dataset.info("pool").annotations_sha256 or "")
        table = pq.read_table(path, filters=pc.field("id").isin(pa.array(ids, pa.string())))
        found = {row["id"]: Annotation.from_mapping(row) for row in table.to_pylist()}
        if missing := [image_id for image_id in ids if image_id not in found]:
            message = f"{store.url}: {key} has no image {missing[0]!r}"
            raise BadDataError(message)
        return {image_id: found[image_id] for image_id in ids}
