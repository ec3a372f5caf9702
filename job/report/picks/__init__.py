"""What an experiment picked: contact sheets and statistics."""
