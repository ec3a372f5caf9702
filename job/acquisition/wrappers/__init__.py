"""Strategies that change or combine what other strategies select.

May import the registry, the features and the numerics, but no strategy: those are asked for by
name.
"""
