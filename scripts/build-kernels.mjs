// Placeholder until the kernels stand: nothing to compile yet.
