"""Broadcasts: a message to many, written by one person and approved by another."""
