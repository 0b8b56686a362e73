"""What is true of Desirepath, said in tests."""
