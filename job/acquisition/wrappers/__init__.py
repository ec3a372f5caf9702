"""Strategies that change what another strategy picks."""
