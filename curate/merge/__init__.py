"""Two LoRAs in, their difference at a small rank out.

The modules of a LoRA are worked in threads of one process. BLAS must not start threads of its own
below them, and it reads these variables when numpy is first loaded, so they are set here.
"""

import os

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")
