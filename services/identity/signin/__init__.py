"""Signing in and out, and renewing the credential in the cookie."""
