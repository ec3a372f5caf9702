"""The experiments of these tests: as small as they can be."""

FAULTS = """
experiment: faults
dataset:
  name: drawn
  synthetic: {num_pool: 24, num_test: 6, size: 64, seed: 0}
rounds: 2
budget: {initial: 6, per_round: 4}
cold_start: {strategy: random}
arms:
  random: {strategy: random}
  brust: {strategy: brust, class_weights: true}
detector: {size: 64, width: 0.25, backbone: scratch}
train:
  init: warm_start
  steps: 200
  warm_start_steps: 4
  batch_size: 8
  optimizer: adamw
  learning_rate: 0.001
  checkpoint_every_steps: 10
score: {images_per_part: 3}
evaluate: {max_detections: 20}
runtime: {device: cpu, threads: 1}
"""
"""Two arms of two rounds, whose first training can be hit in the middle."""
SHORT = FAULTS.replace("experiment: faults", "experiment: short").replace("steps: 200", "steps: 4")
"""The same, for tests in which nothing is interrupted."""
ONE_ROUND = (
    SHORT.replace("experiment: short", "experiment: one-round")
    .replace("rounds: 2", "rounds: 1")
    .replace("  brust: {strategy: brust, class_weights: true}\n", "")
)
"""One training: the least that ends with a result."""
LONG_ROUND = ONE_ROUND.replace("one-round", "long-round").replace("steps: 4", "steps: 100")
"""One training that can be hit in the middle."""
SCORED = SHORT.replace("experiment: short", "experiment: scored").replace(
    "  random: {strategy: random}\n", ""
)
"""One arm that reads the score record of round 0."""
TOGETHER = (
    LONG_ROUND.replace("long-round", "together")
    .replace("steps: 100", "steps: 120")
    .replace("threads: 1", "threads: 1, processes: 2")
)
"""The same by two processes, wherever these are."""
