"""What tests share: a private httpd, a relay that does what a test tells it, certificates. Nothing here needs a fixed port or a system service."""
