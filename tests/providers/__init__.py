"""Providers of text messages as local servers: their own protocols, their own checks."""
