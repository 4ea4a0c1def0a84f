"""How the shipped weights were fitted. Nothing here is imported at run time."""
