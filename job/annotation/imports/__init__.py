"""Answers that other tools export as files: a reader for each layout, and what becomes of them."""
