"""How many CPUs a process may use."""

from pathlib import Path

import pytest

from job.errors import UsageError
from job.runtime.cpus import cpus_in_words, usable_cpus


@pytest.fixture(autouse=True)
def _affinity_of_eight(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("job.runtime.cpus._affinity", lambda: 8)


def cpus(folder: Path, membership: str, files: dict[str, str]) -> int:
    """Return what a process with these control groups may use."""
    for name, text in files.items():
        path = folder / "cgroup" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n")
    (folder / "self").write_text(membership)
    return usable_cpus(folder / "cgroup", folder / "self")


V1 = "5:memory:/job\n4:cpu,cpuacct:/job\n0::/\n"


@pytest.mark.parametrize(
    ("membership", "files", "expected"),
    [
        ("0::/\n", {}, 8),
        ("0::/\n", {"cpu.max": "max 100000"}, 8),
        ("0::/\n", {"cpu.max": "300000 100000"}, 3),
        ("0::/\n", {"cpu.max": "250000 100000"}, 2),
        ("0::/\n", {"cpu.max": "50000 100000"}, 1),
        ("0::/\n", {"cpu.max": "1600000 100000"}, 8),
        ("0::/pod/own\n", {"pod/cpu.max": "200000 100000", "pod/own/cpu.max": "max 100000"}, 2),
        ("0::/pod/own\n", {"pod/cpu.max": "400000 100000", "pod/own/cpu.max": "3000 1000"}, 3),
        ("0::/hosts/path\n", {"cpu.max": "200000 100000"}, 2),
    ],
)
def test_a_quota_of_version_2_is_kept(
    tmp_path: Path, membership: str, files: dict[str, str], expected: int
) -> None:
    """The lowest quota of the nested groups counts, as whole CPUs; at least 1."""
    assert cpus(tmp_path, membership, files) == expected


@pytest.mark.parametrize(
    ("group", "quota", "expected"), [("job", "400000", 4), ("job", "-1", 8), (".", "200000", 2)]
)
def test_a_quota_of_version_1_is_kept(
    tmp_path: Path, group: str, quota: str, expected: int
) -> None:
    """The hierarchy of the controller `cpu` counts, also if another mounts it with it."""
    folder = f"cpu,cpuacct/{group}"
    files = {f"{folder}/cpu.cfs_quota_us": quota, f"{folder}/cpu.cfs_period_us": "100000"}
    assert cpus(tmp_path, V1, files) == expected


def test_without_control_groups_the_affinity_counts(tmp_path: Path) -> None:
    """A system without them, or without /proc, is not an error."""
    assert usable_cpus(tmp_path / "nothing", tmp_path / "nothing") == 8


def test_the_folder_of_version_1_may_have_its_controllers_in_another_order(tmp_path: Path) -> None:
    """Older kernels name them `cpuacct,cpu`; a link with the name `cpu` leads to the folder."""
    files = {"cpu/job/cpu.cfs_quota_us": "300000", "cpu/job/cpu.cfs_period_us": "100000"}
    assert cpus(tmp_path, "4:cpuacct,cpu:/job\n", files) == 3


@pytest.mark.parametrize("membership", ["\n", "0::\n", "junk\n", "1:name=systemd:/a\n"])
def test_a_line_that_names_no_group_is_left_alone(tmp_path: Path, membership: str) -> None:
    """The affinity counts, as without control groups."""
    assert cpus(tmp_path, membership, {"cpu.max": "100000 100000"}) == 8


@pytest.mark.parametrize("quota", ["abc def", "100000 0", "max", ""])
def test_a_quota_that_is_not_one_is_left_alone(tmp_path: Path, quota: str) -> None:
    """Whatever a file system of the container's own may show."""
    assert cpus(tmp_path, "0::/\n", {"cpu.max": quota}) == 8


@pytest.mark.parametrize(("asked", "expected"), [("", 8), ("0", 8), ("3", 3), ("16", 8)], ids=repr)
def test_what_a_pod_asks_for_is_a_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: str, expected: int
) -> None:
    """Without a limit of its own, a pod takes what it asked for; 0 stands for no request."""
    monkeypatch.setenv("AL_CPUS", asked)
    assert cpus(tmp_path, "0::/\n", {}) == expected
    assert cpus(tmp_path, "0::/\n", {"cpu.max": "200000 100000"}) == 2


def test_a_number_of_cpus_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable that is no number is a mistake that is told."""
    monkeypatch.setenv("AL_CPUS", "2.5")
    with pytest.raises(UsageError, match=r"AL_CPUS=2.5: expected a whole number of CPUs"):
        cpus(tmp_path, "0::/\n", {})


@pytest.mark.parametrize(
    ("quota", "asked", "expected"),
    [
        ("max 100000", "", "8 CPUs"),
        ("max 100000", "1", "1 CPUs, what the pod asks for (AL_CPUS)"),
        ("200000 100000", "3", "2 CPUs, the quota of its control group"),
        ("200000 100000", "2", "2 CPUs, the quota of its control group"),
    ],
)
def test_what_bounds_the_cpus_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quota: str, asked: str, expected: str
) -> None:
    """A request is the user's own; a quota may be a cluster's, which then has to be raised, too."""
    (tmp_path / "cpu.max").write_text(quota)
    (tmp_path / "self").write_text("0::/\n")
    monkeypatch.setenv("AL_CPUS", asked)
    assert cpus_in_words(tmp_path, tmp_path / "self") == expected
