"""What stages leave in the store: the names and the formats of their objects, reading and writing.

Nothing else in the package spells the name of a stage's output or parses one. The names of markers
and logs are parts of keys and stand in `job.keys`. This package may import what
describes the content (configuration, data, records, metrics) and the store.
"""
