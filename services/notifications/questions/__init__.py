"""Telling people that their question has arrived, and the answer; asking experts."""
