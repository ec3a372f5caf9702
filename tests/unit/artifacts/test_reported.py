"""Which stages a driver's report is of, and whether it is still there."""

import pytest

from job.artifacts.reported import is_reported, note_reported
from job.keys import ExperimentKeys
from job.storage.memory import MemoryStore
from job.whole import WholeRef

KEYS = ExperimentKeys("exp")
FILES = (KEYS.page, KEYS.report("curves.svg"), KEYS.results)
WHOLE = WholeRef("exp", None, None, 0, "0af3")


@pytest.fixture
def reported() -> MemoryStore:
    """A store with a report of two files and the results."""
    store = MemoryStore()
    for key in FILES:
        store.write(key, b"")
    note_reported(store, "exp", "0af3")
    return store


def test_a_report_is_of_the_stages_that_it_was_written_for(reported: MemoryStore) -> None:
    """Others, or none, are to be reported yet."""
    assert is_reported(reported, WHOLE)
    assert not is_reported(reported, WholeRef("exp", None, None, 0, "other"))
    assert not is_reported(MemoryStore(), WHOLE)


@pytest.mark.parametrize("key", FILES)
def test_a_report_that_lacks_a_file_is_to_be_written_anew(reported: MemoryStore, key: str) -> None:
    """Somebody has removed it, or `al-job report` was killed between removing and writing it."""
    reported.delete(key)
    assert not is_reported(reported, WHOLE)


def test_files_that_were_added_do_no_harm(reported: MemoryStore) -> None:
    """As when a person has written a fuller report."""
    reported.write(KEYS.report("sheet.jpg"), b"")
    assert is_reported(reported, WHOLE)


def test_a_note_of_an_earlier_version_counts(reported: MemoryStore) -> None:
    """It is the digest alone."""
    reported.write(KEYS.report("stages.sha256"), b"0af3")
    assert is_reported(reported, WHOLE)
