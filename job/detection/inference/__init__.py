"""Running a detector over images. Torch."""
