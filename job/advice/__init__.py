"""Advice before labels are paid for: what is known of a pool, and which strategy to take."""
