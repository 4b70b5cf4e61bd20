"""Reading what GitHub says about a plan, in as few calls as its state allows."""
