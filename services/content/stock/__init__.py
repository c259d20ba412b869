"""Printed titles, and how many copies of each lie in which store."""
