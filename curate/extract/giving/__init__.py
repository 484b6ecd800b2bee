"""What is given besides frames: lists of shots, figures of frames."""
