"""The webhook ingress beside a minimal Probot app: the same deliveries, one core each."""
