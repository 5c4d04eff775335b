raise ImportError("broken module")
