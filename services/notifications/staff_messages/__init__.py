"""What staff write to the people of one activity."""
