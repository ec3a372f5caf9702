"""Which images to label next: pure functions of the score record, one module a strategy."""
