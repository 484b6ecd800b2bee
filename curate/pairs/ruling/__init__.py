"""Verdicts from measures, written down."""
