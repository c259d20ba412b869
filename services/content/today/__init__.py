"""What waits for the editors, for the home page of staff."""
