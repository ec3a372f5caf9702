"""Stages as Kubernetes Jobs. Nothing outside knows the client."""
