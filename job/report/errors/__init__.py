"""What the last models get wrong: how much each kind of error costs, and pictures of the worst."""
