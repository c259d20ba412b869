"""Verified contact: a code by SMS, or a code and a link by mail, before a place counts."""
