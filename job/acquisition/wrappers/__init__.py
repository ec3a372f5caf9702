"""Strategies that change or combine what other strategies select.

May import the registry, the features and the numerics, but no strategy: those are asked for by
name. `uwe` has a strategy inside too, but it is a method of its own that shares code with
`coreset`. So it is in `job.acquisition.strategies`.
"""
