"""What schools and enterprises are told about the sessions that they ask for."""
