"""The analysis of the 2020 tutorial's own results. Only the command line may import it."""
