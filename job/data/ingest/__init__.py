"""Ingest: from a source to a data set in the store. May import formats by their contract only."""
