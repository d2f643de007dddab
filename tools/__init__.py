"""What is run by hand. A package, so that none of that name which another project installed is found before it."""
