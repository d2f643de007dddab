"""Which mind answers: the model here or one elsewhere, where both are configured."""
