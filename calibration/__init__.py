"""What is: logs become a scenario, checked on weeks held out."""
