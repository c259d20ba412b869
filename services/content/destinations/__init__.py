"""Destinations: what one page says about going to a country, and where help is there."""
