"""What people did: their time, how well they agree, and what they made of proposals."""
