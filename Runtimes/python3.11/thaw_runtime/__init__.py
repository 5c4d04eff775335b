"""What Thaw puts around AWS's runtime interface client, which itself is used as published."""
