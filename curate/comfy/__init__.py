"""ComfyUI servers: the only HTTP and WebSocket in the project."""
