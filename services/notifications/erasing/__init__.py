"""Forgetting who somebody was."""
