"""Markers: formats, damage, and what is remembered."""

import json
from dataclasses import replace

import pytest

from job.artifacts.listing import Listing
from job.artifacts.markers import Marker, Markers, dump_marker, load_marker
from job.errors import BadDataError
from job.keys import RoundRef
from job.records.pace import NO_PACE, Pace
from job.storage.memory import MemoryStore

REF = RoundRef("tiny", 0, None, 0).stage("train")
MARKER = Marker({}, {"a": "1"}, "d", "c", 1.5, "0.2", "host-1", 1)


def test_a_marker_says_its_format_and_takes_keys_of_a_newer_version() -> None:
    """A known format may have keys that this version does not know."""
    content = json.loads(dump_marker(MARKER))
    assert content["format"] == 2
    assert load_marker(json.dumps(content | {"new": 1}).encode(), "m") == MARKER


def test_how_fast_a_stage_was_is_kept() -> None:
    """A marker of before does not say it, and is read as ever."""
    fast = replace(MARKER, pace=Pace(160, 4.0, 1.0, 512))
    assert load_marker(dump_marker(fast), "m") == fast
    before = json.loads(dump_marker(MARKER))
    del before["pace"]
    assert load_marker(json.dumps(before).encode(), "m").pace == NO_PACE


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"format": 3}, "format 3, written by a newer version.*update al-voc"),
        ({"format": None}, "has no `format`: it was written by al-voc 0.1"),
    ],
)
def test_a_marker_of_another_format_is_not_taken_for_damage(
    change: dict[str, int | None], words: str
) -> None:
    """One line says which version wrote it, and nobody is told to remove anything."""
    content = json.loads(dump_marker(MARKER)) | change
    kept = {name: value for name, value in content.items() if value is not None}
    with pytest.raises(BadDataError, match=words) as error:
        load_marker(json.dumps(kept).encode(), "m")
    assert "remove" not in str(error.value)
    assert "delete" not in str(error.value)


@pytest.mark.parametrize("data", [b"{", b"[]", b'{"format": 1, "inputs": {}}'])
def test_a_damaged_marker_says_what_is_safe(data: bytes) -> None:
    """A copy comes first; without one, only the marker itself may go."""
    with pytest.raises(BadDataError, match=r"damaged.*restore this object.*nothing else"):
        load_marker(data, "m")


def test_a_listing_answers_for_markers_that_are_not_there() -> None:
    """The store is not asked for a marker that is not listed; a look lists again."""
    store = MemoryStore()
    markers = Markers(store, Listing([]))
    store.write(REF.done, dump_marker(MARKER))
    assert markers.get(REF) is None
    markers.refresh("tiny")
    assert markers.get(REF) == MARKER


def test_a_look_forgets_a_marker_that_has_gone() -> None:
    """A stage that runs again is not done meanwhile."""
    store = MemoryStore()
    markers = Markers(store)
    markers.write(REF.done, MARKER)
    assert markers.get(REF) == MARKER
    store.delete(REF.done)
    markers.refresh("tiny")
    assert markers.get(REF) is None


def test_a_new_listing_reads_no_marker_twice() -> None:
    """Whoever looks often reads what is new; what has gone is gone."""
    store, gone = MemoryStore(), REF.round.stage("evaluate")
    markers = Markers(store)
    markers.write(gone.done, MARKER)
    markers.write(REF.done, MARKER)
    store.delete(gone.done)
    store.write(REF.done, b"not read")
    assert REF.done in markers.relist("tiny")
    assert markers.get(REF) == MARKER
    assert markers.get(gone) is None


def test_a_marker_that_is_removed_is_gone_from_memory_and_store() -> None:
    """Nobody may go by it while its stage runs again."""
    store = MemoryStore()
    markers = Markers(store)
    markers.write(REF.done, MARKER)
    markers.remove(REF.done)
    assert markers.get(REF) is None
    assert not store.exists(REF.done)
    markers.remove(REF.done)


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"inputs": None}, "inputs"),
        ({"outputs": []}, "outputs"),
        ({"outputs": {"a": 1}}, "outputs.a"),
        ({"seconds": "12,5"}, "seconds"),
        ({"threads": None}, "threads"),
        ({"digest": 5}, "digest"),
    ],
)
def test_a_marker_of_other_types_is_damaged(change: dict[str, object], key: str) -> None:
    """One short line names the key and what is safe."""
    content = json.loads(dump_marker(MARKER)) | change
    with pytest.raises(BadDataError, match=rf"m is damaged \({key}: .*nothing else") as error:
        load_marker(json.dumps(content).encode(), "m")
    assert len(str(error.value)) < 250


def test_a_refresh_forgets_what_was_read() -> None:
    """A stage may have run again between two looks at the store."""
    store = MemoryStore()
    markers = Markers(store)
    markers.write(REF.done, MARKER)
    store.write(REF.done, dump_marker(replace(MARKER, seconds=9.0)))
    markers.refresh("tiny")
    again = markers.get(REF)
    assert again
    assert again.seconds == 9.0
