"""What managers see of the tills: what came and what became of it, and whether each day agrees to the cent."""
