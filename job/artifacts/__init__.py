"""What stages leave in the store: the names, the formats, reading and writing."""
