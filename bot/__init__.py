"""OTP-Genesis."""
