"""Who is told of an experiment, by the launch settings and the environment."""

import os

from job.launch.kubernetes.client import Cluster
from job.launch.kubernetes.events import EventRecorder
from job.launch.kubernetes.settings import LaunchConfig
from job.launch.observer import Observer
from job.telemetry.message import Message, notify_url
from job.telemetry.metrics import Metrics


def observers_of(launch: LaunchConfig, cluster: Cluster, experiment: str) -> list[Observer]:
    """Return those who are told of an experiment on a cluster, each ready.

    Raises:
        ConfigError: A secret that is named cannot be read.
    """
    found: list[Observer] = []
    if launch.metrics:
        metrics = Metrics()
        metrics.serve()
        cluster.on_answer = metrics.requested
        found.append(metrics)
    if pod := os.environ.get("AL_ATTEMPT"):
        found.append(EventRecorder(cluster, pod))
    if url := notify_url():
        found.append(Message(url, experiment, launch.release))
    return found
