"""Telling other systems of the office what happened here, by signed calls to their addresses."""
