"""What images drawn at random say of the pool: its boxes, and how good a model is on it."""
