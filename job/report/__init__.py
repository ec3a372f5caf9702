"""What came out: the table of results, the curve, and where everything stands."""
