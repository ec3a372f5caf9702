"""The verdict: what may be said of each arm, as sentences. It knows numbers and no page."""
