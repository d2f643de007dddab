"""The self-test of `model use`: what is asked (`questions`), who answers (`run`), and the words of it (`report`)."""
