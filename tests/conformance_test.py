#!/usr/bin/env python3
"""The clauses of Sigma: see tests/conformance/clauses.py."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "conformance"))
import clauses

sys.exit(clauses.main())
