"""Active learning for object detection: one stage per invocation, state in object storage."""
