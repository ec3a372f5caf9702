"""What a stage reads is recorded and held against markers; what it writes is committed last."""

import hashlib
import time

import pytest

from job.artifacts.markers import Markers
from job.artifacts.stage_io import StageIO
from job.config.schema import Config
from job.errors import BadDataError, TemporaryError, UsageError
from job.plan import Plan
from job.runtime.place import Place
from job.stages import run_stage
from job.storage.local import LocalStore
from job.storage.memory import MemoryStore
from tests.outputs import output_key
from tests.stores import filled
from tests.unit.stages.tiny import ROUND_0


def test_a_stage_says_which_command_makes_its_input(begun: tuple[MemoryStore, Config]) -> None:
    """A stage whose inputs are not there fails with the command to run next."""
    store, settings = begun
    with pytest.raises(UsageError, match=r"`al-job select --round 0 --seed 0 --experiment tiny`"):
        run_stage(store, Plan(settings), ROUND_0.stage("annotate"))
    with pytest.raises(UsageError, match=r"`al-job select --round 0 --seed 0 --experiment tiny`"):
        run_stage(store, Plan(settings), ROUND_0.stage("evaluate"))


def test_an_output_that_was_tampered_with_is_refused(
    finished: LocalStore, settings: Config
) -> None:
    """What a stage reads is held against the marker of the stage that wrote it."""
    store = filled(MemoryStore(), finished)
    key = output_key(store, ROUND_0.stage("train"), "model.safetensors")
    store.write(key, store.read(key)[:-4] + b"\0\0\0\1")
    with pytest.raises(BadDataError, match=r"model-[0-9a-f]{16}\.safetensors"):
        run_stage(store, Plan(settings), ROUND_0.stage("evaluate"))


def test_a_stage_is_done_when_its_marker_is_written(begun: tuple[MemoryStore, Config]) -> None:
    """It lists what was read and written; an object that holds times is not in its digest."""
    store, settings = begun
    digests = []
    for times in (b"1 s", b"2 s"):
        io = StageIO(store, Plan(settings), ROUND_0.stage("select"))
        assert io.dataset.ids("pool")
        io.write("picks.csv", b"id")
        io.write("history.jsonl", times, volatile=True)
        assert not store.exists(io.ref.done)
        io.commit(1.23456)
        marker = Markers(store).get(io.ref)
        assert marker
        assert marker.inputs == {io.dataset.keys.manifest: io.dataset.digest}
        assert marker.outputs == {
            "picks.csv": hashlib.sha256(b"id").hexdigest(),
            "history.jsonl": hashlib.sha256(times).hexdigest(),
        }
        assert marker.seconds == 1.235
        digests.append(marker.digest)
        store.delete(io.ref.done)
    assert digests[0] == digests[1]


def test_a_follower_writes_nothing_and_waits_for_the_marker(
    begun: tuple[MemoryStore, Config], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first process writes it between two looks; if it does not, the command is run again."""
    store, settings = begun
    plan, ref = Plan(settings), ROUND_0.stage("train")
    first, follower = StageIO(store, plan, ref), StageIO(store, plan, ref)
    follower.place = Place(rank=1, count=2, local_rank=0, local_count=1, address="a:1")
    now = iter(range(0, 10_000, 100))
    monkeypatch.setattr(time, "monotonic", lambda: next(now))
    monkeypatch.setattr(time, "sleep", lambda _: None)
    with pytest.raises(TemporaryError, match=r"process 0 has written no marker for 600 seconds"):
        follower.commit(1)
    assert not store.exists(ref.done)
    monkeypatch.setattr(time, "sleep", lambda _: first.commit(1))
    follower.commit(1)
    written = store.read(ref.done)
    follower.begin()
    assert store.read(ref.done) == written


def test_a_checkpoint_outlives_a_kill_and_not_the_stage(
    begun: tuple[MemoryStore, Config],
) -> None:
    """The next attempt at the same inputs finds it; the marker's writing removes it."""
    store, settings = begun
    ref = ROUND_0.stage("train")
    first = StageIO(store, Plan(settings), ref)
    assert first.load_checkpoint() is None
    first.save_checkpoint(b"state")
    second = StageIO(store, Plan(settings), ref)
    assert second.load_checkpoint() == b"state"
    second.commit(1)
    assert StageIO(store, Plan(settings), ref).load_checkpoint() is None


def test_an_attempt_that_comes_back_leaves_no_checkpoint(begun: tuple[MemoryStore, Config]) -> None:
    """Its node stood still while another attempt did the stage, and is told to stop now."""
    store, settings = begun
    ref = ROUND_0.stage("train")
    lost, other = (StageIO(store, Plan(settings), ref) for _ in range(2))
    lost.load_checkpoint()
    other.commit(1)
    before = set(store.list(""))
    lost.save_checkpoint(b"state")
    assert set(store.list("")) == before
