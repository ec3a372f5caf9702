"""The page of a data set before any training: is this what was meant to be ingested?"""
