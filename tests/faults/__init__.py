"""Breaks a real installation in every way that is known, and counts what is lost, doubled or stuck."""
