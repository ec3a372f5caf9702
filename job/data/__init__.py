"""Data sets: ingested from a data format, stored as tar shards, read by the stages.

Holds the formats, ingest and the readers. May import storage, records and settings; never torch.
"""
