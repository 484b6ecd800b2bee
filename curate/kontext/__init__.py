"""A frame and an instruction in, its twin out."""
