"""The door: tickets are scanned, with and without a network; walk-ins; who came."""
