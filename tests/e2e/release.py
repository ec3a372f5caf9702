"""A release of the chart, and what its driver and its stages do."""

import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import yaml

from job.config import loading
from job.config.schema import Config
from job.progress import Status, parse_status
from tests.e2e.bucket import Bucket
from tests.e2e.cluster import Namespace, Object, run

ROOT = Path(__file__).parents[2]
CHART = ROOT / "helm"
KIND_VALUES = ROOT / "k8s/kind/values.yaml"
AL_JOB = Path(sys.executable).with_name("al-job")

INDEX = "batch.kubernetes.io/job-completion-index"
Values = Mapping[str, object]
POD = re.compile(r"(?P<stage>.+?)-\d+(-(?P<index>\d+))?-[a-z0-9]{5}")


@dataclass(frozen=True)
class Release:
    """A release; its name is also the `fullname` that its objects begin with."""

    namespace: Namespace
    name: str
    experiment: str
    """YAML."""
    values: Values
    """On top of those for kind."""
    bucket: Bucket

    @cached_property
    def config(self) -> Config:
        return loading.parse(self.experiment, self.name)

    # What helm does

    def install(self) -> None:
        self._helm("install", "--values", "-")

    def upgrade(self, values: Values | None = None, experiment: str | None = None) -> None:
        """Change values. Other values stay."""
        self._helm("upgrade", "--values", "-", values=values, experiment=experiment)

    def render(self) -> str:
        """Return the objects, as people who do not use helm to install would apply them."""
        return self._helm("template", "--values", "-")

    def uninstall(self) -> None:
        run("helm", "--namespace", self.namespace.name, "uninstall", self.name, "--wait")

    def test(self) -> str:
        return run("helm", "--namespace", self.namespace.name, "test", self.name, "--logs")

    def _helm(
        self, verb: str, *words: str, values: Values | None = None, experiment: str | None = None
    ) -> str:
        given = merge({"experiment": experiment or self.experiment}, self.values, values or {})
        where = ("--namespace", self.namespace.name, "--values", KIND_VALUES)
        return run("helm", verb, self.name, CHART, *where, *words, stdin=yaml.safe_dump(given))

    # What al-job says

    def al_job(self, *words: str) -> str:
        """Run a command about this release, as a person with a kubeconfig would."""
        where = ("--release", self.name, "--namespace", self.namespace.name)
        return run("env", "COLUMNS=400", AL_JOB, *words, *where)

    def status(self) -> Status | None:
        """Return the status that the driver published last."""
        for each in self.namespace.objects("configmaps", f"al-voc/release={self.name}"):
            if text := (each.get("data") or {}).get("status.json"):
                return parse_status(text)
        return None

    def wait_finished(self, seconds: float = 300, *, after_failure: bool = False) -> None:
        """Wait until the release is finished.

        Args:
            seconds: How long.
            after_failure: Whether an earlier driver may have published that it failed.
        """

        def ask() -> bool:
            driver = (status := self.status()) and status.driver
            assert after_failure or not driver or driver.phase != "failed", driver
            return bool(driver and driver.phase == "finished")

        self.namespace.wait(f"{self.name} is finished", ask, seconds)

    def wait_failed(self, seconds: float = 180) -> str:
        """Wait until the driver gives up, and return why."""

        def ask() -> str | None:
            driver = (status := self.status()) and status.driver
            return driver.message if driver and driver.phase == "failed" else None

        return self.namespace.wait(f"{self.name} has failed", ask, seconds)

    def wait_said(self, words: str, seconds: float = 60) -> str:
        """Wait until `al-job status` says something."""

        def ask() -> str | None:
            text = self.al_job("status")
            return text if words in text else None

        return self.namespace.wait(f"the status says {words!r}", ask, seconds)

    # What the cluster says

    def pods(self, component: str = "stage", **labels: str) -> list[Object]:
        """Return the pods of a component, such as `driver`, or of a stage: `stage="train"`."""
        return self._labelled("pods", component, labels)

    def jobs(self, component: str = "stage", **labels: str) -> list[Object]:
        """Return the Jobs of a component; see `pods`."""
        return self._labelled("jobs", component, labels)

    def _labelled(self, kind: str, component: str, labels: Mapping[str, str]) -> list[Object]:
        words = [f"al-voc/release={self.name}", f"app.kubernetes.io/component={component}"]
        words += [f"al-voc/{name}={value}" for name, value in labels.items()]
        return self.namespace.objects(kind, ",".join(words))

    def wait_running(
        self,
        component: str = "stage",
        *,
        seconds: float = 90,
        index: int | None = None,
        **labels: str,
    ) -> str:
        """Wait until a pod runs, and return its name; `index` chooses a partition."""

        def ask() -> str | None:
            for pod in self.pods(component, **labels):
                own = pod["metadata"]["labels"].get(INDEX)
                if pod["status"]["phase"] == "Running" and index in {None, own and int(own)}:
                    return str(pod["metadata"]["name"])
            return None

        return self.namespace.wait(f"a pod of {component} {labels} runs", ask, seconds)

    def wait_checkpoint(self, seconds: float = 120) -> str:
        """Wait until round 0's training has saved a checkpoint; return the name of its pod."""
        with self.bucket.opened() as store:

            def ask() -> bool:
                return any("/train/checkpoint-" in key for key in store.list("experiments/"))

            self.namespace.wait("a checkpoint is there", ask, seconds)
        return self.wait_running(stage="train", round="0")

    def driver_exit(self) -> tuple[int, str]:
        """Return the exit code and the last line of the driver's only pod."""
        [pod] = self.pods("driver")
        [status] = pod["status"]["containerStatuses"]
        lines = self.namespace.kubectl("logs", pod["metadata"]["name"]).splitlines()
        return int(status["state"]["terminated"]["exitCode"]), lines[-1]

    def runs(self) -> Counter[str]:
        """Count how often each stage's container was started, in pods that exist or are gone."""
        return Counter(self._words(pod) for pod in self.started("stage"))

    def started(self, container: str) -> set[str]:
        """Return the names of all pods of this release that started a container of this name."""
        names = {
            event["involvedObject"]["name"]
            for event in self.namespace.objects("events")
            if event["reason"] == "Started"
            and event["involvedObject"].get("fieldPath") == f"spec.containers{{{container}}}"
        }
        for pod in self.pods(container):
            for each in pod["status"].get("containerStatuses", []):
                if "waiting" not in each["state"]:
                    names.add(pod["metadata"]["name"])
        return {name for name in names if name.startswith(f"{self.name}-")}

    def _words(self, pod: str) -> str:
        """Return `s0-brust-r1-train`, or `s0-r0-score/2`, from a pod's name."""
        match = POD.fullmatch(pod.removeprefix(f"{self.name}-{self.config.experiment}-"))
        assert match, pod
        return match["stage"] + (f"/{match['index']}" if match["index"] else "")

    def resumed_at(self) -> list[int]:
        """Return the steps at which round 0's training resumed, from the logs in the store."""
        contents = self.bucket.contents()
        logs = [data for key, data in contents.items() if "round-000/train/logs/" in key]
        lines = [line for data in logs for line in data.decode().splitlines()]
        return [json.loads(line)["step"] for line in lines if '"event": "train.resumed"' in line]


NewRelease = Callable[..., Release]


def merge(*mappings: Mapping[str, object]) -> dict[str, object]:
    """Return the union of mappings, key by key; later ones have precedence."""
    result: dict[str, object] = {}
    for mapping in mappings:
        for key, value in mapping.items():
            before = result.get(key)
            both = isinstance(before, Mapping) and isinstance(value, Mapping)
            result[key] = merge(before, value) if both else value  # type: ignore[arg-type]
    return result
