"""Every pair measured once: planned, worked, recorded."""
