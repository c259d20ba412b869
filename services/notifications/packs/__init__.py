"""What schools and enterprises are told about the pack for their session."""
