"""Numbers from finished rounds. Nothing here draws a figure or writes a sentence."""
