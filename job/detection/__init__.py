"""The detectors, their training, and what they see: all of the project's torch code."""

import os

# Torch's OpenMP threads spin for milliseconds when they wait for each other. Where cores are
# shared, by stages side by side or by a pod's CPU limit, that burns the time that others need. A
# short spin nearly keeps the speed of a free machine: docs/decisions/0005. Read when torch loads.
if "OMP_WAIT_POLICY" not in os.environ:
    os.environ.setdefault("GOMP_SPINCOUNT", "10000")
