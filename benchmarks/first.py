"""Imported before all else: memory is handed out as in `al-job`, which has to be set early."""

from job.allocator import keep_memory

keep_memory()
