"""Imported before all else: memory is handed out as in `al-job`, which has to be set early."""

from job.runtime.process_setup import keep_freed_memory

keep_freed_memory()
