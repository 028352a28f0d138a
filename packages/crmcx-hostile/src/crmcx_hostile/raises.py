"""Raises when it is imported."""

msg = "broken at import"
raise RuntimeError(msg)
