"""What the providers have approved: signatures and templates, and which of them a text fits."""
