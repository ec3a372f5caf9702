"""Object storage: one protocol, and directories, buckets and memory that keep it."""

from job.storage.base import Store
from job.storage.opening import open_store

__all__ = ["Store", "open_store"]
