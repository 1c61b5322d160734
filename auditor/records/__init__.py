"""What happened: columns, profiles, ingest, quarantine and the activity store."""
