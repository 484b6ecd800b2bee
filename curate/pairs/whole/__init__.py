"""The kept pairs of an instruction as one set: what a LoRA would learn from all of them."""
