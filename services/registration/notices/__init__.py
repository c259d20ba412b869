"""What registration knows of other services: advisories and materials, heard by event."""
