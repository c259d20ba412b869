"""“I am safe” and “I need help”: what recipients of a broadcast answer."""
