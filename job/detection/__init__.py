"""The detectors, their training, inference and metrics: all of the project's torch code.

It may import `data`, `records`, `storage`, `config` and what is below them.
"""
