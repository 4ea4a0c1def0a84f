"""What tenants, projects, keys and policies may use, and have used: set aside before a call, settled after it."""
