"""OpenAI's API as servers speak it: how calls are written, and how events, texts and refusals are read. Pure."""
