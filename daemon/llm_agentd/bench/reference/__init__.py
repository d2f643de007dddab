"""What benchmarks compare the daemon with: a bare llama.cpp loop, and llama-server."""
