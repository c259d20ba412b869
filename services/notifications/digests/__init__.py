"""Routine broadcasts gathered into one mail a day or a week, for whoever asked for that."""
