"""What the benchmarks share: timing in turn, its noise, and what may be said of figures."""
