"""The detectors, their training, and what they see: all of the project's torch code."""

import os

# Threads of torch's OpenMP that wait for each other spin by default: where cores are shared, as by
# stages side by side or under a pod's CPU limit, they burn the time that the others need (a step
# took five times as long). The library reads this once, when torch is imported.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
