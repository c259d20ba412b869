"""What comes back: bounces, receipts, complaints and absence notes, kept raw and then acted on."""
