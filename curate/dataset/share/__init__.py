"""A dataset for others: a folder for the Hub, and one archive to make the LoRA again."""
