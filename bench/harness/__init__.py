"""Modules of `compare.py`."""
