"""Asking people: the batch of a round, what they answer, and what becomes of it.

May import `artifacts` and what is below; the stage `annotate` and `export` use it.
"""
