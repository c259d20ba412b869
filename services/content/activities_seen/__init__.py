"""Activities as this service has heard of them, for the pages of the countries they are about."""
