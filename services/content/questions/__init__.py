"""Questions that people ask, the answers they get, and those that are of use to everybody."""
