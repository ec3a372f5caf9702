"""Whose Jobs they are: an owner that was restored, a driver that an upgrade has replaced."""

import pytest

from job.errors import BadDataError, ConfigError, TemporaryError
from job.keys import STAGES, StageRef
from job.launch.kubernetes.client import Cluster
from job.launch.kubernetes.launcher import KubernetesLauncher
from job.launch.kubernetes.settings import LaunchConfig
from tests.unit.launch.kubernetes.conftest import Release, ref_of
from tests.unit.launch.kubernetes.double.scenarios import (
    Answer,
    Attempt,
    Exit,
    Outlived,
    Running,
    Unschedulable,
)

SELECT = f"al-voc-tiny-s0-r0-{STAGES[0]}-1"


def _with_image(launch: LaunchConfig, image: str) -> LaunchConfig:
    """Return launch settings whose stages run another container image."""
    changed = launch.model_copy(deep=True)
    for template in changed.templates.values():
        template["spec"]["template"]["spec"]["containers"][0]["image"] = image
    return changed


def _started(release: Release) -> tuple[KubernetesLauncher, StageRef]:
    launcher, ref = release.launcher(), release.ref("select")
    launcher.start(ref)
    return launcher, ref


def test_an_owner_that_was_restored_is_read_again(release: Release) -> None:
    """It has another uid then, by which the next Job lives, and the old one is collected."""
    release.behaviour = lambda _: Running()
    launcher, _ = _started(release)
    launcher._look()  # noqa: SLF001 - the driver is in the middle of `wait`
    release.double.config_map("al-voc")["metadata"]["uid"] = "restored"
    for _ in range(20):
        launcher._look()  # noqa: SLF001
    assert release.double.created == [SELECT] * 2
    [reference] = release.double.job(SELECT)["metadata"]["ownerReferences"]
    assert reference["uid"] == "restored"


def test_jobs_that_somebody_deletes_are_not_made_for_ever(release: Release) -> None:
    """After three of them the run ends, and says so."""
    release.behaviour = lambda _: Running()
    launcher, _ = _started(release)
    for _ in range(3):
        launcher._look()  # noqa: SLF001
        release.double.world.jobs.clear()
    with pytest.raises(ConfigError, match=rf"Job {SELECT} was deleted 3 times, and not by this"):
        launcher._look()  # noqa: SLF001
    assert release.double.created == [SELECT] * 3


def test_a_lost_job_that_a_quota_refuses_is_lost_once(release: Release) -> None:
    """It is asked for at each look, which are no further losses."""
    release.behaviour = lambda _: Running()
    launcher, ref = _started(release)
    launcher._look()  # noqa: SLF001
    release.double.world.jobs.clear()
    release.double.job_quota = 0
    for _ in range(5):
        launcher._look()  # noqa: SLF001
    assert launcher._started[ref].state.phase == "quota"  # noqa: SLF001
    assert launcher._started[ref].num_lost == 1  # noqa: SLF001


def test_a_job_after_one_that_failed_is_no_loss(release: Release) -> None:
    """The upgrade may have corrected why a Job of other values failed. It was not deleted."""
    release.behaviour = lambda _: Running()
    old, _ = _started(release)
    for _ in range(3):
        old._look()  # noqa: SLF001
    release.launch = _with_image(release.launch, "al-job:2")
    launcher, ref = _started(release)
    launcher._look()  # noqa: SLF001
    release.behaviour = lambda attempt: Exit(65) if SELECT in attempt.pod else Running()
    for _ in range(4):
        launcher._look()  # noqa: SLF001
    assert release.double.created == [SELECT, SELECT.replace("-1", "-2")]
    assert launcher._started[ref].num_lost == 0  # noqa: SLF001


def test_a_release_that_is_gone_ends_its_driver(release: Release) -> None:
    """Its Jobs are collected with the ConfigMap, and no other is made."""
    release.behaviour = lambda _: Running()
    launcher, _ = _started(release)
    launcher._look()  # noqa: SLF001
    del release.double.world.config_maps["al-voc"]
    with pytest.raises(ConfigError, match="no ConfigMap al-voc to own the Jobs"):
        launcher._look()  # noqa: SLF001
    assert release.double.created == [SELECT]


def test_of_two_drivers_the_one_of_earlier_values_ends(release: Release) -> None:
    """It may live on where its node is cut off. They do not delete each other's Jobs in turn."""
    release.behaviour = lambda _: Unschedulable()
    old, _ = _started(release)
    old._look()  # noqa: SLF001
    release.double.config_map("al-voc")["data"] = {"launch.yaml": "image: al-job:2"}
    release.launch = _with_image(release.launch, "al-job:2")
    new, ref = _started(release)
    new._look()  # noqa: SLF001
    with pytest.raises(TemporaryError, match="the release was upgraded while this driver ran"):
        old._look()  # noqa: SLF001
    for _ in range(10):
        new._look()  # noqa: SLF001
    assert release.double.created == [SELECT] * 2
    [container] = release.double.job(SELECT)["spec"]["template"]["spec"]["containers"]
    assert container["image"] == "al-job:2"
    assert new._started[ref].state.phase == "pending"  # noqa: SLF001


@pytest.mark.parametrize("ends", [False, True])
def test_what_a_webhook_takes_from_a_job_does_not_make_it_another(
    release: Release, *, ends: bool
) -> None:
    """Some take unknown annotations away: the Job is neither replaced nor retried without end."""
    release.behaviour = lambda _: Unschedulable()
    launcher, _ = _started(release)
    launcher._look()  # noqa: SLF001
    del release.double.job(SELECT)["metadata"]["annotations"]
    for _ in range(10):
        launcher._look()  # noqa: SLF001
    if ends:
        release.behaviour = lambda _: Exit(65)
        with pytest.raises(BadDataError, match="select failed"):
            launcher.wait()
    assert release.double.created == [SELECT]


def test_a_job_that_has_begun_since_it_was_read_is_not_replaced(
    release: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look and the deletion its pod may get a node: then it may run to its end."""
    release.behaviour = lambda _: Unschedulable()
    _started(release)[0]._look()  # noqa: SLF001
    release.launch = _with_image(release.launch, "al-job:2")
    launcher, _ = _started(release)
    delete = Cluster.delete_job

    def begin_first(self: Cluster, *args: object, **options: object) -> bool:
        release.behaviour = lambda _: Running()
        release.double.tick()
        return delete(self, *args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(Cluster, "delete_job", begin_first)
    for _ in range(3):
        launcher._look()  # noqa: SLF001
    assert release.double.created == [SELECT]
    assert release.double.deleted == {}


def test_a_job_of_earlier_values_that_has_done_its_work_counts(release: Release) -> None:
    """Its pod has ended, though Kubernetes has not said so of the Job yet: it is not replaced."""
    ends: list[str] = []
    release.observer.job_ended = lambda end: ends.append(end.name)  # type: ignore[method-assign]

    def behave(attempt: Attempt) -> Answer:
        release.write_marker(ref_of(attempt.arguments)[0])
        return Outlived(0)

    release.behaviour = behave
    _started(release)[0]._look()  # noqa: SLF001
    release.double.tick(2)
    release.launch = _with_image(release.launch, "al-job:2")
    launcher, ref = _started(release)
    assert launcher.wait() == [ref]
    assert ends == release.double.created == [SELECT]


def test_a_job_of_the_same_name_that_came_after_it_is_not_deleted(release: Release) -> None:
    """A driver that looked at the earlier one does not kill the later one."""
    release.behaviour = lambda _: Running()
    launcher, _ = _started(release)
    launcher._look()  # noqa: SLF001
    [earlier] = release.cluster.jobs("")
    release.cluster.delete_job(earlier)
    launcher._look()  # noqa: SLF001
    launcher._look()  # noqa: SLF001
    assert not release.cluster.delete_job(earlier)
    assert release.double.created == [SELECT] * 2
    assert SELECT in release.double.world.jobs
