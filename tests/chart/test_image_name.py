"""One name for the container image: who builds it, who asks for it, and what pages tell to type."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
FILES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "Makefile", ".ci/run")),
    *(path for name in ("docs", "helm", "k8s") for path in sorted((ROOT / name).rglob("*.*"))),
]
TEXTS = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for path in FILES
    if path.suffix in {".md", ".yaml", ".txt", ".py", ""} and "_build" not in path.parts
}


def tags(*variables: str, target: str = "image") -> list[str]:
    """Return the names that a target of make gives to what it builds."""
    program = shutil.which("make")
    if not program:
        pytest.skip("make is not installed")
    command = [program, "--dry-run", "--directory", str(ROOT), target, *variables]
    ended = subprocess.run(  # noqa: S603 - it prints what it would run
        command, capture_output=True, text=True, timeout=60, check=True
    )
    return re.findall(r"--tag (\S+)", ended.stdout)


def test_what_is_built_is_what_the_chart_asks_for(render: Any) -> None:
    """`make image` gives the name of the chart's default, and the one that has no tag."""
    assert tags() == [render().launch["image"], "al-job:latest"]


def test_another_name_is_the_only_one() -> None:
    """Whoever names the container image gets no other tag, and for the slim one the same name."""
    given = "IMAGE=registry.example/al-job:7"
    assert tags(given) == ["registry.example/al-job:7"]
    assert tags(given, target="image-slim") == ["registry.example/al-job:7-slim"]


def test_a_published_chart_names_what_was_published(tmp_path: Path, run_helm: Any) -> None:
    """`make chart` writes repository and digest into the package, and into nothing else."""
    program, digest, slim = shutil.which("make"), "sha256:" + "a" * 64, "sha256:" + "b" * 64
    if not (program and shutil.which("helm")):
        pytest.skip("make or helm is not installed")
    given = (
        f"DIST={tmp_path}",
        "REPOSITORY=registry.example/al-voc",
        f"DIGEST={digest}",
        f"SLIM_DIGEST={slim}",
    )
    subprocess.run([program, "--directory", str(ROOT), "chart", *given], check=True, timeout=60)  # noqa: S603
    [package] = tmp_path.glob("*.tgz")
    images = set(
        re.findall(r"image: \"?([^\s\"]+)", run_helm("template", "a", str(package)).stdout)
    )
    assert images == {
        f"registry.example/al-voc@{digest}",
        f"registry.example/al-voc@{slim}",
        "docker.io/chrislusf/seaweedfs:4.48",
    }


def test_tags_on_pages_are_those_that_are_built() -> None:
    """Each `al-job:TAG` of a page, an example or a script is one that there is."""
    built = {*tags(), *tags(target="image-slim")}
    named = {
        (name, found)
        for name, text in TEXTS.items()
        for found in re.findall(r"al-job:[0-9A-Za-z](?:[\w.-]*\w)?", text)
    }
    assert {found for _, found in named} == built
    assert "README.md" in {name for name, _ in named}


def test_docker_runs_it_without_a_tag() -> None:
    """A person types `docker run al-job score --round 3`."""
    runs = [
        re.search(r" (al-job\S*)", line)
        for text in TEXTS.values()
        for line in re.findall(r"docker run\b((?:[^`\n\\]|\\\n)*)", text)
    ]
    assert {run[1] for run in runs if run} == {"al-job"}
    assert "`docker run al-job score --round 3`" in TEXTS["README.md"]
