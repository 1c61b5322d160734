"""What prompts have in common: templates, groups of near-duplicates, likeness to public instruction seeds."""
