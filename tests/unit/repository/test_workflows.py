"""What runs elsewhere with our rights: each action is fixed, and gets no more than it needs."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

WORKFLOWS = Path(__file__).parents[3] / ".github/workflows"
TEXTS = {path.name: path.read_text(encoding="utf-8") for path in sorted(WORKFLOWS.glob("*.yml"))}
STEPS = [
    (f"{name} {job} {number}", step)
    for name, text in TEXTS.items()
    for job, content in yaml.safe_load(text)["jobs"].items()
    for number, step in enumerate(content.get("steps", []))
]
"""Each with where it is."""


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_actions_are_named_by_their_commit(text: str) -> None:
    """A tag may be moved to other code; the version stands beside the commit."""
    for used in re.findall(r"uses: (.*)", text):
        assert re.fullmatch(r"\./\S+|\S+@[0-9a-f]{40} # v\d+\.\d+\.\d+", used), used


@pytest.mark.parametrize(("where", "step"), STEPS, ids=[where for where, _ in STEPS])
def test_a_step_gets_no_more_than_it_needs(where: str, step: dict[str, Any]) -> None:
    """No token stays in the checkout, and no expression is pasted into a script."""
    if step.get("uses", "").startswith("actions/checkout@"):
        assert step["with"]["persist-credentials"] is False, where
    assert "${{" not in step.get("run", ""), where


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_workflow_only_reads_unless_a_job_says_otherwise(text: str) -> None:
    """The rights of all jobs are to read; every job of ours has a time limit."""
    content = yaml.safe_load(text)
    assert content["permissions"] == {"contents": "read"}
    assert all("timeout-minutes" in job for job in content["jobs"].values() if "steps" in job)


def test_a_release_is_checked_first() -> None:
    """Nothing is published that has not passed what every change has to pass."""
    jobs = yaml.safe_load(TEXTS["release.yml"])["jobs"]
    assert jobs["check"] == {"uses": "./.github/workflows/ci.yml"}
    assert jobs["image"]["needs"] == "check"
    assert jobs["publish"]["needs"] == "image"


def test_what_is_published_is_signed() -> None:
    """Both container images and the chart, by their digests; the workflow's identity is the key."""
    publish = yaml.safe_load(TEXTS["release.yml"])["jobs"]["publish"]
    assert publish["permissions"]["id-token"] == "write"
    script = "\n".join(step.get("run", "") for step in publish["steps"])
    [signed] = re.findall(r"cosign\" sign --yes --recursive \\\n(.*)", script)
    assert set(re.findall(r"\$owner/(\S+?)@", signed)) == {"al-voc", "charts/al-voc"}
    assert re.findall(r"@\$\{?(\w+)", signed) == ["digest", "slim", "chart"]
