"""Two LoRAs in, their difference at a small rank out."""
