"""The stage `evaluate`: metrics that anybody can recompute, of images that nobody trained on."""

import numpy as np
import pyarrow.parquet as pq
import pytest

from job.artifacts.metrics import dump_metrics
from job.artifacts.reader import Reader
from job.data.dataset import Dataset
from job.errors import BadDataError
from job.records.arrays import flat_values, matrix, offsets_of
from job.storage.local import LocalStore
from job.storage.memory import MemoryStore
from tests.outputs import output_key, read_output
from tests.unit.stages.tiny import ROUND_1, growing


def test_metrics_can_be_recomputed_from_the_detections(finished: LocalStore) -> None:
    """Whoever has `detections.parquet` and the test set gets the same metrics."""
    from job.detection.metrics.average_precision import evaluate  # noqa: PLC0415 - loads slowly
    from job.detection.metrics.detections import Detections  # noqa: PLC0415

    ref = ROUND_1.stage("evaluate")
    dataset = Dataset.open(finished, "drawn")
    table = pq.read_table(finished.local_path(output_key(finished, ref, "detections.parquet")))
    detections = Detections(
        ids=tuple(table["id"].to_pylist()),
        offsets=offsets_of(table["scores"]),
        boxes_xyxy=matrix(table["boxes_xyxy"]),
        labels=np.array([dataset.classes.index(name) for name in flat_values(table["labels"])]),
        scores=flat_values(table["scores"]),
    )
    truth = {image.id: image.annotation for image in dataset.test_images()}
    metrics = evaluate(truth, detections, dataset.classes)
    assert dump_metrics(metrics) == read_output(finished, ref, "metrics.json")


@pytest.mark.parametrize("name", ["ids", "contents"])
def test_a_test_image_in_the_pool_fails_the_evaluation(
    finished: LocalStore, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Pool and test must not share images, neither by id nor by content."""
    from job.stages.evaluate import refuse_leak  # noqa: PLC0415 - loads torch

    dataset = Dataset.open(finished, "drawn")
    refuse_leak(dataset)
    column = "id" if name == "ids" else "sha256"
    other = "sha256" if name == "ids" else "id"
    leaked = dataset.index("pool").select([column])
    leaked = leaked.append_column(other, [[f"other-{n}" for n in range(len(leaked))]])
    real = dataset.index
    monkeypatch.setattr(
        Dataset, "index", lambda _, split: leaked if split == "test" else real("pool")
    )
    with pytest.raises(BadDataError, match="pool and test share 24 images"):
        refuse_leak(dataset)


def test_without_a_test_set_no_metric_has_a_value(grown: MemoryStore) -> None:
    """The stage is done all the same, and depends on the model."""
    reader = Reader(grown)
    metrics = reader.metrics(growing(1))
    assert (metrics.map50_area, metrics.map_coco, metrics.num_images) == (None, None, 0)
    assert {each.ap50_area for each in metrics.classes.values()} == {None}
    marker = reader.marker(growing(1).stage("evaluate"))
    assert growing(1).stage("train").done in marker.inputs
