"""k8s/load-image: which program loads a container image into which cluster."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[3] / "k8s/load-image"
USAGE, CONFIG = 64, 78

Load = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Return the script among programs that only print how they were called."""

    def program(name: str, text: str) -> None:
        path = tmp_path / name
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)

    def run(
        *images: str, context: str = "kind-try", known: bool = True, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        program("kubectl", f"echo {context}" if context else "exit 1")
        program("docker", "exit 0" if known else "echo no such image >&2; exit 1")
        program("kind", 'echo kind "$@"')
        program("loader", 'echo loader "$@"')
        path = f"{tmp_path}:/usr/bin:/bin"
        return subprocess.run(  # noqa: S603 - the script under test
            [SCRIPT, *images],
            check=False,
            capture_output=True,
            text=True,
            env={"PATH": path, **environment},
        )

    return run


def test_a_kind_cluster_is_loaded_by_kind(load: Load) -> None:
    """The context names the kind cluster, even if another loader is set."""
    ended = load("a:1", "b:2", context="kind-two-words", CLUSTER_LOAD="loader")
    assert ended.stdout == "kind load docker-image --name two-words a:1 b:2\n"


def test_any_other_cluster_is_loaded_by_the_program_named(load: Load) -> None:
    """CLUSTER_LOAD is called with the images."""
    ended = load("a:1", "b:2", context="admin@other", CLUSTER_LOAD="loader")
    assert (ended.returncode, ended.stdout) == (0, "loader a:1 b:2\n")


def test_the_engine_s_program_may_have_another_name(load: Load) -> None:
    """DOCKER names it, as for `make image`."""
    assert load("a:1", known=False, DOCKER="true").returncode == 0
    assert load("a:1", DOCKER="false").returncode == USAGE


@pytest.mark.parametrize(
    ("images", "settings", "code", "words"),
    [
        ((), {}, USAGE, "usage: k8s/load-image IMAGE"),
        (("a:1",), {"known": False}, USAGE, "make image"),
        (("a:1",), {"context": ""}, CONFIG, "set KUBECONFIG"),
        (("a:1",), {"context": "other"}, CONFIG, "in CLUSTER_LOAD"),
    ],
    ids=["no image", "not built", "no cluster", "unknown cluster"],
)
def test_what_is_missing_is_said(
    load: Load, images: tuple[str, ...], settings: dict[str, object], code: int, words: str
) -> None:
    """Each missing thing has its own line that says what to do, and nothing is loaded."""
    ended = load(*images, **settings)
    assert (ended.returncode, ended.stdout) == (code, "")
    assert words in ended.stderr
