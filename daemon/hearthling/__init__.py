"""How the embedded model is made: corpus, vocabulary, training, evaluation. Not part of the installed package."""
