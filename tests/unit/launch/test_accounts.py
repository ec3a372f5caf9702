"""What an experiment takes of a cluster, whatever becomes of the store."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from structlog.testing import capture_logs

from job.artifacts.usage import Ledger, Usage, load_page
from job.errors import TemporaryError
from job.keys import RoundRef
from job.launch.accounts import Accounts
from job.launch.observer import JobEnd, PodEnd
from job.storage.memory import MemoryStore

TRAIN = RoundRef("exp", 0, "random", 1).stage("train")
USAGE = Usage(1, 2.0, 30.0, 60.0, 0.1, 1, 0)


BEGUN = datetime(2026, 11, 30, 8, tzinfo=UTC)


def end(attempt: int, created: datetime = BEGUN) -> JobEnd:
    return JobEnd(TRAIN, f"train-{attempt}", attempt, created, (), USAGE)


class Away(MemoryStore):
    """A store that does not take what is written at times."""

    is_away = False

    def write(self, key: str, data: bytes, *, if_absent: bool = False) -> bool:
        if self.is_away:
            message = "the store is away"
            raise TemporaryError(message)
        return super().write(key, data, if_absent=if_absent)


def test_what_the_store_did_not_take_is_written_with_the_next_job() -> None:
    """The run goes its way meanwhile."""
    store = Away()
    accounts = Accounts(store, "exp")
    store.is_away = True
    with capture_logs() as logs:
        accounts.job_ended(end(1))
    assert [each["event"] for each in logs] == ["usage.unrecorded"]
    store.is_away = False
    accounts.job_ended(end(2))
    assert Ledger(store, "exp").totals() == {"train": USAGE + USAGE}


def test_the_container_image_of_each_pod_is_kept() -> None:
    """If the cluster says by which digest its node ran it."""
    store, now = MemoryStore(), datetime.now(UTC)
    pods = (PodEnd("a", "n", now, now, 1, "al-job@sha256:12"), PodEnd("b", "n", now, now, 0))
    Accounts(store, "exp").job_ended(replace(end(1), pods=pods))
    key = "experiments/exp/usage/seed-0.json"
    assert load_page(store.read(key), key).images == {"a": "al-job@sha256:12"}


@pytest.mark.parametrize("data", [b"", b'{"format": 1}'])
def test_a_damaged_page_keeps_nothing_from_running(data: bytes) -> None:
    """The sums are not known then, and a log line names the page."""
    store = MemoryStore()
    store.write("experiments/exp/usage/seed-0.json", data)
    accounts = Accounts(store, "exp")
    with capture_logs() as logs:
        accounts.job_ended(end(1))
        assert accounts.totals() == {}
    assert [each["event"] for each in logs] == ["usage.unrecorded", "usage.unknown"]
    assert "usage/seed-0.json" in logs[0]["reason"]


def test_a_job_that_is_told_again_counts_once() -> None:
    """By the next driver, which may find fewer of its pods; what was recorded first stays."""
    store = MemoryStore()
    Accounts(store, "exp").job_ended(end(1))
    later = Accounts(store, "exp")
    later.job_found(replace(end(1), usage=Usage(1)))
    assert later.totals() == {"train": USAGE}
    later.job_found(end(2))
    assert later.totals() == {"train": USAGE + USAGE}


def test_attempts_that_are_counted_anew_are_other_jobs() -> None:
    """When all Jobs of a stage are gone, the next one is the first again; both were paid."""
    accounts = Accounts(MemoryStore(), "exp")
    accounts.job_ended(end(1))
    accounts.job_ended(end(1, BEGUN + timedelta(hours=2)))
    assert accounts.totals() == {"train": USAGE + USAGE}
