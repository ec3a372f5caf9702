"""An experiment's configuration: its sections, reading it, and what may change later."""
