"""What the house tells people: advisories for countries and materials to read."""
