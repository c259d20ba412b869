"""What an activity asks of those who register: its questions, and their answers."""
