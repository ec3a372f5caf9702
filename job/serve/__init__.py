"""Pages of a store's experiments for a browser: read-only, in one process.

May import `report`, `annotation` and what is below.
"""
