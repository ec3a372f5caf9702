"""The detectors, their training, and what they see: all of the project's torch code."""
