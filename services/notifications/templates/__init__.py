"""Named texts for broadcasts, in versions, and what in them differs from person to person."""
