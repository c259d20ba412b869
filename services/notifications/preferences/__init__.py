"""What the holder of an address wants: chosen, paused, taken back, shown, erased."""
