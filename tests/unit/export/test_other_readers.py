"""What datumaro reads of an export; it is not among the dependencies, see docs/export.md."""
