"""What comes in by HTTP and WebSocket: the application, its routes, who may ask from where."""
