"""Annotations, score records and the tables' schemas, in memory and in Parquet.

May import nothing else of the package.
"""
