"""Who agreed to what, with which words, and when they took it back."""
