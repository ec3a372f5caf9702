"""Checkpoints: objects of a stage that is not finished, which no other stage reads."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

from job.artifacts import names
from job.errors import AlJobError, MissingObjectError
from job.keys import StageRef
from job.runtime import log
from job.storage import Store
from job.storage.cache import note_use_of_all


@dataclass(frozen=True)
class Checkpoint:
    """What attempts at a stage save, named after their inputs.

    One of an attempt with other inputs is not found.
    """

    store: Store
    key: str

    @classmethod
    def of(
        cls, store: Store, stage: StageRef, inputs: Mapping[str, str], config_digest: str
    ) -> "Checkpoint":
        """Return the checkpoint of an attempt that has read these inputs."""
        content = json.dumps([sorted(inputs.items()), config_digest])
        digest = hashlib.sha256(content.encode()).hexdigest()
        return cls(store, stage.key(f"{names.CHECKPOINTS}{digest[:16]}.safetensors"))

    def load(self) -> bytes | None:
        """Return what an earlier attempt saved, if there is any."""
        try:
            return self.store.read(self.key)
        except MissingObjectError:
            return None

    def save(self, data: bytes) -> None:
        """Save what a later attempt can resume from; what it has fetched stays in the cache."""
        note_use_of_all()
        self.store.write(self.key, data)


def remove_checkpoints(store: Store, stage: StageRef) -> None:
    """Remove what attempts at a stage saved; what cannot be removed does no harm."""
    try:
        for key in list(store.list(stage.key(names.CHECKPOINTS))):
            store.delete(key)
    except AlJobError as error:
        log.get().warning("stage.checkpoint_left", reason=str(error))
