"""How fast the engine is, beside what one would write by hand; run by `make bench`."""
