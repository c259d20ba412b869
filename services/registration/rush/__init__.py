"""Many at once: limits, proofs of work, and the line before an opening."""
