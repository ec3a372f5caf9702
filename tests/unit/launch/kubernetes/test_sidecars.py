"""A container that others put beside a stage, and that does not end with it, holds nothing up."""

import pytest

from job.config import loading
from job.errors import BadDataError, ConfigError
from job.keys import STAGES
from job.launch.kubernetes import started
from job.launch.observer import Observer
from tests.unit.launch.kubernetes.conftest import Release, ref_of
from tests.unit.launch.kubernetes.double.scenarios import Answer, Attempt, Outlived

ALL = [f"al-voc-tiny-s0-r0-{stage}-1" for stage in STAGES[:4]]


@pytest.fixture(autouse=True)
def impatience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stage is still at once."""
    monkeypatch.setattr(started, "SECONDS_UNTIL_STILL", 0.0)


def test_a_stage_whose_marker_is_there_is_done(release: Release) -> None:
    """Its Job would never end, so it is deleted, and the sidecar with it."""

    def behave(attempt: Attempt) -> Answer:
        release.write_marker(ref_of(attempt.arguments)[0])
        return Outlived(0)

    release.behaviour = behave
    assert release.run() == 4
    assert release.double.created == ALL
    release.double.tick()
    assert release.double.world.jobs == {}
    assert release.double.world.pods == {}


def test_a_stage_that_failed_for_good_ends_the_run(release: Release) -> None:
    """With its own words and no others; its Job is deleted."""
    release.behaviour = lambda _: Outlived(78, "al-job: no such setting\n")
    with pytest.raises(ConfigError, match=r"select failed: no such setting \(exit code 78\)$"):
        release.run()
    assert release.double.created == ALL[:1]
    assert release.double.world.jobs == {}


def test_a_stage_that_failed_for_once_gets_another_job(release: Release) -> None:
    """As often as the backoff limit allows. Kubernetes itself counts no pod that still runs."""
    ended: list[str] = []
    release.observer = Observer()
    release.observer.job_ended = lambda end: ended.append(end.name)  # type: ignore[method-assign]
    release.behaviour = lambda _: Outlived(137, "Killed\n")
    with pytest.raises(BadDataError, match="exit code 137"):
        release.run()
    assert ended == release.double.created  # what each of them took counts
    assert release.double.created == [f"al-voc-tiny-s0-r0-select-{n}" for n in (1, 2, 3, 4)]
    told = {f"{e.state}: {e.reason}" for states in release.published for e in states.values()}
    words = "ending: exit code 137, but container vault-agent keeps pod al-voc-tiny-s0-r0-select-1"
    assert any(each.startswith(words) for each in told)


@pytest.mark.parametrize("parallelism", [1, 3])
def test_partitions_run_beside_pods_that_do_not_end(
    release: Release, tiny: str, parallelism: int
) -> None:
    """If all run at once they end. Otherwise the others never begin, and the run says so."""
    release.config = loading.parse(tiny, "tiny")
    update = {"score_partitions": 3, "score_parallelism": parallelism}
    release.launch = release.launch.model_copy(update=update)
    release.do_until("score")
    done: set[int] = set()

    def behave(attempt: Attempt) -> Answer:
        ref, (index, count) = ref_of(attempt.arguments)
        done.add(index)
        if len(done) == count:
            release.write_marker(ref)
        return Outlived(0)

    release.behaviour = behave
    launcher, ref = release.launcher(), release.ref("score")
    launcher.start(ref)
    if parallelism == 3:
        assert launcher.wait() == [ref]
        return
    with pytest.raises(ConfigError, match=r"vault-agent keeps pod .* alive, so that the other"):
        launcher.wait()
    assert release.double.world.jobs == {}
