"""What `al-job doctor` looks at: the store, the device, the disk, and an experiment's weights."""

import shutil
from pathlib import Path

from job.config import Config
from job.errors import AlJobError
from job.storage import Store
from job.storage.cache import directory
from job.storage.check import Finding, check_store

MIN_FREE_GIB = 5.0


def examine(store: Store, config: Config | None) -> list[Finding]:
    """Return what was found; where a configuration is given, also what it needs."""
    findings = [*check_store(store), _disk(), _device(config)]
    return [*findings, _weights(store, config)] if config else findings


def _disk() -> Finding:
    folder = directory()
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free / 2**30
    advice = "make room, or set AL_CACHE to a directory on another disk"
    return Finding("cache disk", free >= MIN_FREE_GIB, f"{free:.1f} GiB free at {folder}", advice)


def _device(config: Config | None) -> Finding:
    import torch  # noqa: PLC0415 - takes seconds, and `--help` should not wait for it

    from job.detection.device import resolve_device  # noqa: PLC0415

    advice = "set runtime.device to auto or cpu, or run where torch sees a GPU"
    if config:
        try:
            resolve_device(config.runtime)
        except AlJobError as error:
            return Finding("device", ok=False, detail=str(error), advice=advice)
    if torch.cuda.is_available():
        detail = f"{torch.cuda.get_device_name()} ({torch.cuda.device_count()} in all)"
    else:
        detail = f"CPU, {torch.get_num_threads()} threads by torch's own count; no GPU"
    return Finding("device", ok=True, detail=f"torch {torch.__version__}: {detail}")


def _weights(store: Store, config: Config) -> Finding:
    """Whether the weights are there; those of the hub may still have to be fetched."""
    backbone = config.detector.backbone
    kind, _, place = backbone.partition(":")
    advice = "set detector.backbone to where the weights are: file:PATH or store:KEY"
    match kind:
        case "file":
            return Finding("weights", Path(place).is_file(), backbone, advice)
        case "store":
            try:
                return Finding("weights", store.exists(place), backbone, advice)
            except AlJobError as error:
                return Finding("weights", ok=False, detail=str(error), advice=advice)
        case "hub":
            from job.detection.backbone import hub_file  # noqa: PLC0415 - loads torch

            path = hub_file(config.detector.model)
            detail = f"{path} {'is there' if path.is_file() else 'will be downloaded'}"
            return Finding("weights", ok=True, detail=detail)
        case _:
            return Finding("weights", ok=True, detail="none: the configuration says scratch")
