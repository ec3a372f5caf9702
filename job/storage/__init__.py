"""Object storage: one protocol, and a local directory, an S3 bucket and memory that keep it."""

from job.storage.base import Store
from job.storage.opening import open_store

__all__ = ["Store", "open_store"]
