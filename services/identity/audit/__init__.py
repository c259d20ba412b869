"""The audit trail: what every service says about acts of staff."""
