"""The contact sheet of a film."""
