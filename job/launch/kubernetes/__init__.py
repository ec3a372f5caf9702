"""Stages as Kubernetes Jobs, and operations on a release.

Only `client` imports the Kubernetes client. Nothing here imports the report.
"""
