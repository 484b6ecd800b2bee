"""Films in, the frames worth having out."""
