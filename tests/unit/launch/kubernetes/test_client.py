"""What the cluster refuses: a quota is waited for, an admission's no is final, a right may come."""

import pytest

from job import loop
from job.errors import ConfigError
from job.keys import STAGES
from job.launch.kubernetes import started
from job.plan import Plan
from job.progress import States
from tests.unit.launch.kubernetes.conftest import Release
from tests.unit.launch.kubernetes.double import transport as faults

ALL = [f"al-voc-tiny-s0-r0-{stage}-1" for stage in STAGES[:4]]
WEBHOOK = 'admission webhook "policy.example.org" denied the request: no label `cost-center`'
POLICY = (
    "jobs.batch \"x\" is forbidden: ValidatingAdmissionPolicy 'al-voc-driver' with binding "
    "'al-voc-driver' denied request: a stage mounts no directory of its node"
)


def test_a_quota_of_jobs_that_is_used_up_is_waited_for(
    release: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is a state of its own, in the cluster's words, and no outage: its time is another one."""
    monkeypatch.setattr(started, "SECONDS_OF_OUTAGE", 0.0)
    release.double.job_quota = 0
    told: list[str] = []

    def make_room(states: States) -> None:
        told.extend(f"{state.state}: {state.reason}" for state in states.values())
        if sum(each.startswith("quota: ") for each in told) == 3:
            release.double.job_quota = None

    launcher = release.launcher(publish=make_room)
    assert loop.run(Plan(release.config), launcher, release.is_done) == 4
    assert release.double.created == ALL
    words = "exceeded quota: jobs, requested: count/jobs.batch=1, used: count/jobs.batch=0"
    assert all(words in each for each in told if each.startswith("quota: "))


def test_a_quota_is_not_waited_for_without_end(release: Release) -> None:
    """Like all that keeps a stage from starting, it may take `pendingSeconds`."""
    release.launch = release.launch.model_copy(update={"pending_seconds": 0.02})
    release.double.job_quota = 0
    with pytest.raises(ConfigError, match=r"no pod could start .*quota: .*exceeded quota: jobs"):
        release.run()
    assert release.double.created == []


@pytest.mark.parametrize(
    ("status", "words"), [(403, WEBHOOK), (403, POLICY), (400, WEBHOOK), (409, WEBHOOK)]
)
def test_a_denial_by_an_admission_policy_is_final(
    release: Release, status: int, words: str
) -> None:
    """The run ends at once, in the policy's words: the next look would be denied as well."""
    denied = faults.Fault(status, message=words)
    release.double.plan = lambda request: denied if request.verb == "POST" else None
    with pytest.raises(ConfigError) as error:
        release.run()
    assert words in str(error.value)
    assert release.double.counts["POST /apis/batch/v1/namespaces/default/jobs"] == 1


def test_a_webhook_that_does_not_answer_is_waited_for(release: Release) -> None:
    """Its time-out comes with 500, whatever its words are: a later look may find it well."""
    words = 'failed calling webhook "policy.example.org": context deadline exceeded'
    away = faults.Fault(500, message=f"Internal error occurred: {words}; nobody denied the request")
    release.double.plan = faults.sequence([None, None, None, *[away] * 9])
    assert release.run() == 4
    assert release.double.created == ALL


def test_events_of_others_may_lack_what_they_need_not_have(release: Release) -> None:
    """The API demands neither a reason nor a message, and all of a namespace are read."""
    involved = {"kind": "Thing", "name": "of-others"}
    event = {"metadata": {"name": "of-others.1"}, "involvedObject": involved, "type": "Warning"}
    release.double.world.add("events", event)
    nameless = {"metadata": {"name": "x.1"}, "involvedObject": {}, "type": "Warning"}
    release.double.world.add("events", nameless)
    assert release.cluster.warnings()["of-others"] == ": "
