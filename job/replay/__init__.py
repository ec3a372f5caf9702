"""What other strategies would have picked: from a round's score record, without touching it."""
