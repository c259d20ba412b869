"""Who the staff are: accounts, sign-in, API keys, the audit trail and the staff home."""
