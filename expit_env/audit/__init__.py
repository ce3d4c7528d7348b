"""Tests of the verifier and of the splits."""
