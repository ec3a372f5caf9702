"""Launchers: they run stages in this process or on a cluster. May import stages, not the loop."""
