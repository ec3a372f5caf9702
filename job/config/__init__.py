"""The configuration of an experiment: its settings, reading them, and what may change later.

It imports nothing of this package but `errors`, `keys` and `runtime`.
"""
