"""Sigma rules over JSON Lines as they come: pySigma (extra `sigma`) parses, everything that decides is here.

docs/sigma.md is the exact meaning. Nothing of this package touches the activity store or the rules of packs; the one
way from a Sigma rule to a rule of a pack is `native`, which refuses whatever would change its meaning.
"""
