"""Packs: what an office gives one group to read, under one link, as a ZIP and on paper."""
