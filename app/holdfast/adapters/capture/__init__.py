"""Ways of obtaining evidence, one file each; they do not know each other."""
