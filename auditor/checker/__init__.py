"""Does it match: rules become one plan, an engine runs it, findings and a receipt come out."""
