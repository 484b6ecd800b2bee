"""A frame and its twin in, measurements and a verdict out."""
