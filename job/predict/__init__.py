"""Detections in images that no data set holds: found by a model, and written for other tools."""
