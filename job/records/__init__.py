"""One image's annotation and score record, in memory and in Parquet."""
