"""One thread for the tests' tiny models: several are slower on them, for they wait for each other."""

import os

os.environ["OMP_NUM_THREADS"] = "1"  # read when torch is imported, and by the processes that tests start
