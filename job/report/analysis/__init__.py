"""Numbers from finished rounds: no pictures, no sentences."""
