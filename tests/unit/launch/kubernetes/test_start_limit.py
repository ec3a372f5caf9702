"""What cannot start is waited for, but not forever."""

import time
from collections.abc import Callable

import pytest

from job.launch.kubernetes.job_state import StagePhase, StageState
from job.launch.kubernetes.settings import LaunchConfig
from job.launch.kubernetes.start_limit import StartLimit

UNSCHEDULABLE = StageState("pending", "Unschedulable: 0/1 nodes are available")
Elapse = Callable[[float], None]


@pytest.fixture
def elapse(monkeypatch: pytest.MonkeyPatch) -> Elapse:
    """A function that lets seconds go by."""
    clock = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])

    def call(seconds: float) -> None:
        clock[0] += seconds

    return call


@pytest.fixture
def limits(launch: LaunchConfig) -> LaunchConfig:
    """Ten seconds for an image, and a hundred for anything else."""
    return launch.model_copy(update={"image_error_seconds": 10.0, "pending_seconds": 100.0})


@pytest.mark.parametrize(
    ("state", "seconds", "said"),
    [
        (StageState("image", "ErrImagePull: no such host"), 10, "cannot be pulled: ErrImagePull"),
        (UNSCHEDULABLE, 100, "for 100 s (launch.pendingSeconds): pending: Unschedulable: 0/1"),
        (StageState("starting", "FailedMount: no volume"), 100, "starting: FailedMount: no volume"),
    ],
)
def test_each_cause_has_its_limit(
    limits: LaunchConfig, elapse: Elapse, state: StageState, seconds: float, said: str
) -> None:
    """Nothing is said before it, and at it the cluster's own words are."""
    limit = StartLimit()
    assert limit.passed(state, limits) == ""
    elapse(seconds - 1)
    assert limit.passed(state, limits) == ""
    elapse(1)
    assert said in limit.passed(state, limits)


def test_only_time_without_a_break_counts(limits: LaunchConfig, elapse: Elapse) -> None:
    """A pod that ran in between, or another cause, begins the time anew."""
    limit = StartLimit()
    for between in (StageState("running"), StageState("image", "ErrImagePull")):
        limit.passed(UNSCHEDULABLE, limits)
        elapse(99)
        limit.passed(between, limits)
        assert limit.passed(UNSCHEDULABLE, limits) == ""
        elapse(99)
        assert limit.passed(UNSCHEDULABLE, limits) == ""


@pytest.mark.parametrize("phase", ["queued", "running", "ending", "other spec"])
def test_other_states_have_no_limit(
    limits: LaunchConfig, elapse: Elapse, phase: StagePhase
) -> None:
    """A queue may take days, and what runs or ends has begun."""
    limit = StartLimit()
    limit.passed(StageState(phase), limits)
    elapse(1e6)
    assert limit.passed(StageState(phase), limits) == ""


@pytest.mark.parametrize("update", [{"queue_name": "team"}, {"pending_seconds": None}])
def test_pods_may_be_waited_for(
    limits: LaunchConfig, elapse: Elapse, update: dict[str, str | None]
) -> None:
    """With a queue, whose business it is, or if the limit is taken away."""
    limit, without = StartLimit(), limits.model_copy(update=update)
    limit.passed(UNSCHEDULABLE, without)
    elapse(1e6)
    assert limit.passed(UNSCHEDULABLE, without) == ""


def test_a_retry_has_the_time_that_kubernetes_waits_before_it(
    limits: LaunchConfig, elapse: Elapse
) -> None:
    """Ten minutes at most; after that, what keeps the replacement from starting has its limit."""
    limit, retry = StartLimit(), StageState("pending", "to be retried after: gone", is_retry=True)
    limit.passed(retry, limits)
    elapse(699)
    assert limit.passed(retry, limits) == ""
    elapse(1)
    assert "for 100 s (launch.pendingSeconds): pending: to be retried" in limit.passed(
        retry, limits
    )
