"""Kept pairs in, what trainers read out."""
