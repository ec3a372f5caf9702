"""What an experiment picked: contact sheets, redundancy and other statistics."""
