"""From a score record to numbers for each image. Knows the strategies' contract, and no strategy."""
