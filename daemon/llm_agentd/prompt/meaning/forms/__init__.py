"""How a line is worded, which answers where nobody is sure what it is about. See `forms`."""
