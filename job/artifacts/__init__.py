"""What stages leave in the store: the names and the formats of their objects, reading and writing.

Nothing else in the package spells the name of a stage's object or parses one. It may import what
describes the content (configuration, data, records, metrics) and the store.
"""
