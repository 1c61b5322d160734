"""What people read: pages and charts made from frozen models; bytes out, no I/O."""
