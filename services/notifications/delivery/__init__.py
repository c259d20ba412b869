"""Every message that leaves: planned once, claimed by lease, sent, and its outcome kept."""
