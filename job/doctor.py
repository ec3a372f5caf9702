"""What `al-job doctor` looks at: the store, the disk, the device, and what an experiment needs."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from functools import partial

from job.annotation.label_studio.check import check_label_studio
from job.artifacts.experiment_file import first_dataset, last_dataset
from job.config.detector import DetectorConfig
from job.config.runtime import RuntimeConfig
from job.config.schema import Config
from job.detection.detectors.architecture import architecture_of
from job.errors import AlJobError, ConfigError
from job.experiment import check_data
from job.keys import DatasetKeys
from job.plan import Plan
from job.registries import CHECKS
from job.runtime.cpus import cpus_in_words
from job.runtime.paths import user_path
from job.storage import Store
from job.storage.cache import directory, fetch_whatever
from job.storage.check import Finding, check_store

MIN_FREE_GIB = 5.0


def examine(store: Store, runtime: RuntimeConfig, config: Config | None) -> Iterator[Finding]:
    """Yield what is found.

    Args:
        store: Where the experiment is, or will be.
        runtime: The settings of this invocation.
        config: The experiment whose needs are checked; None: none.
    """
    yield from check_store(store)
    yield _try("cache", _cache, "make room, or set AL_CACHE to a directory on another disk")
    yield _try("temporary files", _temporary, "set TMPDIR to a directory that can be written")
    yield _try("device", lambda: _device(runtime), "set runtime.device to auto or cpu")
    if config:
        for name, check in CHECKS.items():
            yield _try(name, partial(check, config), "see docs/configuration.md, docs/extending.md")
        if studio := config.annotation.label_studio:
            ask = partial(check_label_studio, studio.url)
            yield _try("label studio", ask, "see annotation.label_studio in docs/configuration.md")
        yield _try("arms", lambda: _arms(config), "see docs/strategies.md")
        yield _try("data set", lambda: _dataset(store, config), "see al-job ingest --help")
        advice = "set detector.backbone or weights to where they are: file:PATH or store:KEY"
        yield _try("weights", lambda: _weights(store, config), advice)


def _try(name: str, check: Callable[[], str], advice: str) -> Finding:
    try:
        return Finding(name, ok=True, detail=check())
    except AlJobError as error:
        return Finding(name, ok=False, detail=str(error), advice=advice)
    except (ImportError, OSError) as error:  # torch, or a library that it is linked with
        detail = f"a package cannot be imported: {' '.join(str(error).split())}"
        return Finding(name, ok=False, detail=detail, advice="install al-voc again")


def _cache() -> str:
    """Room for copies of shards; a local store is read in place."""
    free = shutil.disk_usage(directory()).free / 2**30
    detail = f"{free:.1f} GiB free at {directory()}"
    if free < MIN_FREE_GIB:
        raise ConfigError(detail)
    return detail


def _temporary() -> str:
    try:
        with tempfile.TemporaryFile():
            return tempfile.gettempdir()
    except OSError as error:
        message = f"no directory for temporary files: {error}"
        raise ConfigError(message) from error


def _device(runtime: RuntimeConfig) -> str:
    import torch  # noqa: PLC0415 - takes seconds, and `--help` should not wait for it

    from job.detection.device import resolve_device  # noqa: PLC0415

    resolve_device(runtime)
    found = "no GPU"
    if torch.cuda.is_available():
        name = torch.cuda.get_device_name()
        found = f"{torch.cuda.device_count()} x {name}"
        found += " (of MIG slices a process uses one)" if " MIG " in name else ""
    taken = f"{runtime.num_threads()} threads, {runtime.num_workers()} workers"
    return f"torch {torch.__version__}: {found}; {taken} on {cpus_in_words()}"


def _arms(config: Config) -> str:
    return ", ".join(f"{arm.name} ({arm.strategy_name})" for arm in Plan(config).arms)


def _will_be_drawn(store: Store, config: Config) -> bool:
    is_there = store.exists(DatasetKeys(config.dataset.name).manifest)
    return config.dataset.synthetic is not None and not is_there


def _dataset(store: Store, config: Config) -> str:
    name = config.dataset.name
    if _will_be_drawn(store, config):
        return f"{name} will be drawn"
    check_data(store, Plan(config), first_dataset(store, config))
    dataset = last_dataset(store, config)
    sizes = f"{dataset.info('pool').num_images} + {dataset.info('test').num_images} images"
    told = f"{name}: {sizes}, {len(dataset.classes)} classes"
    if labels := dataset.manifest.labels:
        told += f", {labels.num_given + labels.num_added} labelled"
    return told if dataset.version == 1 else f"{told}, version {dataset.version}"


def _weights(store: Store, config: Config) -> str:
    """Return where the weights are; those of the hub may still have to be downloaded."""
    detector = config.detector
    for place in filter(None, (detector.weights, detector.backbone)):
        kind, _, rest = place.partition(":")
        if (kind == "file" and not user_path(rest).is_file()) or (
            kind == "store" and not store.exists(rest)
        ):
            message = f"{place}: nothing there"
            raise ConfigError(message)
    if detector.weights not in {None, "hub"} and not _will_be_drawn(store, config):
        return _fit(store, config, str(detector.weights))
    place = detector.weights or detector.backbone
    files = _own_files(detector)
    if place == "scratch":
        return f"none: the configuration says scratch{files and f'; the network is of {files}'}"
    if place != "hub":
        return place
    if files:
        return files
    from job.detection.detectors.weights import hub_file  # noqa: PLC0415 - loads torch

    path = hub_file(detector)
    if path is None:
        return "those that the detector's own settings name: a training reads them"
    return f"{path} {'is there' if path.is_file() else 'will be downloaded'}"


def _own_files(detector: DetectorConfig) -> str:
    """Return what its architecture says of its files; nothing if another check refuses it."""
    try:
        return architecture_of(detector).own_files()
    except ConfigError:
        return ""


def _fit(store: Store, config: Config, weights: str) -> str:
    """Return which parts of a detector's weights fit."""
    from job.detection.detectors.base import build_detector  # noqa: PLC0415 - loads torch
    from job.detection.detectors.transfer import load_weights  # noqa: PLC0415
    from job.detection.detectors.weights import local_file  # noqa: PLC0415

    detector = build_detector(config.detector, first_dataset(store, config).classes, seed=0)
    path = local_file(weights, lambda key: fetch_whatever(store, key)[0])
    reasons = load_weights(detector, path)
    taken = ", ".join(part for part in detector.parts() if part not in reasons)
    left = [f"no {part}: {reason}" for part, reason in reasons.items()]
    return "; ".join([f"{weights}: {taken}", *left])
