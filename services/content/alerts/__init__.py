"""Alerts of other systems (CAP 1.2): handed in or fetched from feeds, they become drafts."""
