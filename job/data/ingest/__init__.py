"""From a source to a data set in the store."""
