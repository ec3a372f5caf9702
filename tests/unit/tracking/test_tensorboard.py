"""Files for TensorBoard: what they hold, and when they are written."""

import struct
import sys
from pathlib import Path

import pytest
from tensorboardX.proto.event_pb2 import Event

from job.errors import ConfigError
from job.storage.local import LocalStore
from job.storage.memory import MemoryStore
from job.tracking.runs import Row
from job.tracking.tensorboard import TensorBoard, _events
from tests.unit.tracking.conftest import READER, MadeUp

FOLDER = "experiments/voc/tensorboard/brust/seed-0/"


def events(data: bytes) -> list[Event]:
    """The records of a file: a length of 8 bytes, 4 of its checksum, the event, 4 of its own."""
    found = []
    while data:
        (size,) = struct.unpack("<Q", data[:8])
        found.append(Event.FromString(data[12 : 12 + size]))
        data = data[16 + size :]
    return found


def test_a_file_has_the_values_of_a_part() -> None:
    """Its first event says the format, and each row is one at its step."""
    head, first, second = events(
        _events([Row(20, {"loss/total": 2.5, "loss/boxes": 1.5}, 3), Row(40, {"loss/total": 2}, 5)])
    )
    assert head.file_version == "brain.Event:2"
    assert [each.step for each in (first, second)] == [20, 40]
    assert {v.tag: v.simple_value for v in first.summary.value} == {
        "loss/total": 2.5,
        "loss/boxes": 1.5,
    }
    assert second.wall_time - first.wall_time == pytest.approx(2)
    assert first.wall_time - head.wall_time == pytest.approx(3)


def test_each_part_is_a_file_in_the_folder_of_its_run() -> None:
    """In the order of their names, as TensorBoard reads them."""
    store = MemoryStore()
    run = MadeUp("brust/seed-0", 0.25, 0.5)
    TensorBoard(store, "voc").put(run, run.digests, READER)
    keys = list(store.list(FOLDER))
    assert [key.removeprefix(FOLDER)[:25] for key in keys] == [
        "events.out.tfevents.0000.",
        "events.out.tfevents.0001.",
    ]
    values = [events(store.read(key))[1].summary.value[0].simple_value for key in keys]
    assert values == [0.25, 0.5]


def test_a_file_that_is_there_is_left_alone() -> None:
    """Another process writes only what is missing, below the same folder or beside it."""
    store = MemoryStore()
    TensorBoard(store, "voc").put(MadeUp("a"), MadeUp("a", 0.25).digests[:0], READER)
    first = MadeUp("brust/seed-0", 0.25)
    below = MadeUp("brust/seed-0/round-001", 0.75, of=1)
    for run in (first, below):
        TensorBoard(store, "voc").put(run, run.digests, READER)
    before = {key: store.read(key) for key in store.list("")}
    again = MadeUp("brust/seed-0", 0.25, 0.5)
    TensorBoard(store, "voc").put(again, again.digests, READER)
    assert again.read == [1]
    assert {key: store.read(key) for key in store.list("") if key in before} == before
    assert len(list(store.list(""))) == len(before) + 1


def test_a_part_that_was_made_anew_takes_the_place_of_the_older_one() -> None:
    """TensorBoard would show both."""
    store = MemoryStore()
    for run in (MadeUp("brust/seed-0", 0.25, 0.5), MadeUp("brust/seed-0", 0.25, 0.75)):
        TensorBoard(store, "voc").put(run, run.digests, READER)
    keys = list(store.list(FOLDER))
    assert len(keys) == 2
    assert events(store.read(keys[1]))[1].summary.value[0].simple_value == 0.75


def test_the_place_is_what_tensorboard_takes(tmp_path: Path) -> None:
    """A folder of this machine, or a bucket's prefix."""
    board = TensorBoard(LocalStore(tmp_path), "voc")
    assert board.place == f"tensorboard --logdir {tmp_path}/experiments/voc/tensorboard"


def test_without_the_extra_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything runs."""
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    with pytest.raises(ConfigError, match=r"pip install 'al-voc\[tensorboard\]'"):
        TensorBoard(MemoryStore(), "voc")
