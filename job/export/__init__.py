"""Labels and picks of an experiment, as files that other tools read."""
