"""How good the policies are: what the cases say, held against the truth about the accounts."""
