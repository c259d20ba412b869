"""Question banks: items in both languages, how they are marked, and their way in and out."""
