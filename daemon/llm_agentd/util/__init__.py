"""What several packages need and none owns: small, and with no import of ours."""
