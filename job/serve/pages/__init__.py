"""The pages: from what a look saw to HTML."""
