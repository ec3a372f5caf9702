"""Imported before all else: the process is set up like that of `al-job`."""

from job.runtime.process_setup import prepare_process

prepare_process()
