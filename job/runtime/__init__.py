"""What a process needs before any of the product's own code: log, threads, random streams."""
