"""The home page, the privacy page, and what staff see of registration today."""
