"""The public programme: its filters and words, its calendar and feeds, its embedded list."""
