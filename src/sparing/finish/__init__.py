"""What comes after the model has spoken: calls of our own tools are answered, and the answers made one."""
