"""Training a detector. Torch."""
