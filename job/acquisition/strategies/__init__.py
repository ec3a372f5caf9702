"""One published method a file, its paper on top."""
