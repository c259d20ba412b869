"""Taking a quiz without an account: papers, answers, time, scores and certificates."""
