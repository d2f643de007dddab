"""The `llama_ik` engine's binding: ik_llama.cpp through our own ctypes layer."""
