"""The detectors and their weights. Torch."""
