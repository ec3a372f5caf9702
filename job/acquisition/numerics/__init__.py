"""Arrays in, arrays out: no score record, no strategy, no configuration."""
