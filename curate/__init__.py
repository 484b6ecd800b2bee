"""Curate pixel-aligned image pairs for slider LoRAs, from the film to the merged LoRA."""

__version__ = "0.1.0"
