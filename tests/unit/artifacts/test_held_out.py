"""What a test set from the pool takes, before it is drawn."""

from job.artifacts.held_out import Draw, find_draw
from job.data.dataset import Dataset
from job.data.formats.synthetic import SyntheticSource
from job.data.ingest.groups import GroupPattern
from job.data.ingest.ingest import ingest
from job.storage.memory import MemoryStore
from tests.growing import begin


def test_without_groups_the_test_set_alone_is_held_out() -> None:
    """Of 16 images 4 came along with labels, and are neither drawn nor selected."""
    store = MemoryStore()
    begin(store)
    assert find_draw(Dataset.open(store, "photos"), 5) == Draw(test=5, held_out=5, left=7)
    assert find_draw(Dataset.open(store, "photos"), 13) == Draw(test=12, held_out=12, left=0)


def test_groups_are_held_out_as_a_whole() -> None:
    """Of two groups of ten images, three images of one are drawn."""
    store = MemoryStore()
    source = SyntheticSource(num_pool=20, num_test=4, size=32)
    ingest(store, source, "grouped", groups=GroupPattern.parse(r"(.+)\d"))
    assert find_draw(Dataset.open(store, "grouped"), 3) == Draw(test=3, held_out=10, left=10)
