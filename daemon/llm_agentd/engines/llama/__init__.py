"""The engines `llama` and `llama_native`: one engine over llama.cpp, and one binding for each Python package of it."""
