"""Orders of printed titles: to the door, to a community's desk, for organisations, activities."""
