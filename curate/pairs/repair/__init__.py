"""What registration and colour found, undone: both halves of a pair in, both halves out."""
