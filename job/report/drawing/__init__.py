"""Figures and contact sheets. They are given numbers, and know no section."""
