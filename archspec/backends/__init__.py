"""What a graph is turned into: a torch module, an ONNX model. They know nothing of each other."""
