"""A namespace of a cluster, through kubectl: every call and every wait has a limit."""

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from job.errors import TemporaryError

Object = dict[str, Any]
T = TypeVar("T")

SECONDS_OF_A_CALL = 120.0
NOT_OURS = ("event", "lease", "configmap/kube-root-ca.crt", "serviceaccount/default")
"""What Kubernetes itself puts into a namespace."""


class CommandError(Exception):
    """A command failed; the message is what it said."""


def run(*words: object, stdin: str | None = None, seconds: float = SECONDS_OF_A_CALL) -> str:
    """Run a command, and return what it wrote to standard output."""
    command = [str(word) for word in words]
    try:
        ended = subprocess.run(  # noqa: S603 - the words are those of the tests
            command, input=stdin, capture_output=True, text=True, timeout=seconds, check=False
        )
    except subprocess.TimeoutExpired as error:
        message = f"{' '.join(command)}: no end within {seconds:g} s"
        raise CommandError(message) from error
    if ended.returncode:
        message = f"{' '.join(command)}: {ended.stderr.strip()} {ended.stdout.strip()}"
        raise CommandError(message)
    return ended.stdout


@dataclass(frozen=True)
class Namespace:
    """One namespace."""

    name: str

    def kubectl(self, *words: object, stdin: str | None = None) -> str:
        return run("kubectl", "--namespace", self.name, *words, stdin=stdin)

    def apply(self, text: str) -> None:
        self.kubectl("apply", "--filename", "-", stdin=text)

    def objects(self, kinds: str, selector: str = "") -> list[Object]:
        words = ["--selector", selector] if selector else []
        items: list[Object] = json.loads(self.kubectl("get", kinds, "--output=json", *words))[
            "items"
        ]
        return items

    def names(self) -> set[str]:
        """Return every object as `kind/name`, except those that Kubernetes makes itself."""
        kinds = run("kubectl", "api-resources", "--verbs=list", "--namespaced", "--output=name")
        found = self.kubectl(
            "get", ",".join(kinds.split()), "--ignore-not-found", "--output=name"
        ).split()
        return {name for name in found if not name.startswith(NOT_OURS)}

    def wait(self, what: str, ask: Callable[[], T | None], seconds: float) -> T:
        """Ask every second until there is an answer, and retry while the cluster is away."""
        limit = time.monotonic() + seconds
        last: object = None
        while time.monotonic() < limit:
            try:
                if answer := ask():
                    return answer
                last = answer
            except (CommandError, TemporaryError) as error:
                last = error
            time.sleep(1)
        message = f"{what}: not within {seconds:g} s ({last})"
        raise AssertionError(message)

    def show(self) -> str:
        """Return what a person would read: Jobs, pods, the latest events and the drivers' logs."""
        driver = "app.kubernetes.io/component=driver"
        questions = (
            ("get", "jobs,pods", "--output=wide"),
            ("get", "events", "--sort-by=.metadata.creationTimestamp"),
            ("logs", f"--selector={driver}", "--tail=60", "--prefix"),
            ("get", "configmaps", f"--selector={driver}", "--output=jsonpath={..status\\.json}"),
        )
        return "\n".join(self._answer(*question) for question in questions)

    def _answer(self, *words: str) -> str:
        try:
            lines = self.kubectl(*words).splitlines()
        except CommandError as error:
            lines = [str(error)]
        return "\n".join([f"$ kubectl {' '.join(words)}", *lines[-80:]])


@contextmanager
def forwarded(namespace: Namespace, service: str, port: int) -> Iterator[str]:
    """Reach a service of the cluster from here; give its URL."""
    command = ("kubectl", "--namespace", namespace.name, "port-forward", f"service/{service}")
    with subprocess.Popen(  # noqa: S603 - the words are those of the tests
        [*command, f":{port}"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            assert process.stdout
            line = process.stdout.readline()  # Forwarding from 127.0.0.1:43210 -> 8333
            if not line.startswith("Forwarding from "):
                raise CommandError(line)
            yield f"http://{line.split()[2]}"
        finally:
            process.terminate()
