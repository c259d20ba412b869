"""What comes from telephones and providers: receipts, answers, people who want no more."""
