"""A film and two LoRAs drawn by the project, so that the whole loop runs without a download."""
