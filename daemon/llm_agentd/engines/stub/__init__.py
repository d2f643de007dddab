"""The engine `stub`: no model, for trying things out and for tests."""
