"""A trained detector as one file: its own weights, or a graph that runs without al-voc."""
