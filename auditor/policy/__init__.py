"""What the terms say: terms, clauses, rules, conditions, lists and packs, read from YAML."""
