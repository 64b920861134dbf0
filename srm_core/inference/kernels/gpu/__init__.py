"""The forward pass in Triton kernels, each beside the plain torch it is tested against."""
