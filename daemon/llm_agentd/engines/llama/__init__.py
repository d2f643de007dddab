"""The engines `llama`, `llama_native`, `llama_ik`: one engine over llama.cpp, a binding for each package."""
