"""Arrays in, arrays out.

May import numpy and `job.records.arrays`. Knows no score record, strategy or configuration.
"""
