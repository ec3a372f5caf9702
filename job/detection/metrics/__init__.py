"""Average precision. Numpy only."""
