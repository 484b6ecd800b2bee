"""A slider LoRA in, one picture across its strengths out, measured."""
