"""The verifier and the splits put to the test."""
