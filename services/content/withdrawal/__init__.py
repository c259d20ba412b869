"""The question before something public is withdrawn; each room says what will happen."""
