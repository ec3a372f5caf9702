"""The tiny experiment's rounds, and what tests of its stages read."""

import csv
import io

from job.config import loading
from job.config.schema import Config
from job.keys import RoundRef
from job.storage import Store
from job.storage.local import LocalStore
from job.storage.memory import MemoryStore
from tests.outputs import read_output

ROUND_0 = RoundRef("tiny", 0, None, 0)
ROUND_1 = RoundRef("tiny", 0, "brust", 1)


def picks_of(store: Store, ref: RoundRef) -> list[dict[str, str]]:
    text = read_output(store, ref.stage("select"), "picks.csv").decode()
    return list(csv.DictReader(io.StringIO(text)))


def settings_of(text: str) -> Config:
    return loading.parse(text, "tiny")


def without_scores(finished: LocalStore) -> MemoryStore:
    store = MemoryStore()
    for key in finished.list(""):
        if "/score/" not in key:
            store.write(key, finished.read(key))
    return store


def growing(index: int) -> RoundRef:
    """A round of the experiment whose data set grew, see the fixture `grown`."""
    return RoundRef("growing", 0, "entropy", index)
