"""``mser export``: finished folds as a model folder, in safetensors or as an ONNX graph, with a card."""
