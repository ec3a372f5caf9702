"""The report of an experiment: what its results say, in numbers, words and figures."""
