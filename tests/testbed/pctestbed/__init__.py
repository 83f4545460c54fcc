# SPDX-License-Identifier: LGPL-2.1-or-later
"""Boots bare Linux, or Xen with dom0 and guests, and runs jobs there."""
from .job import Job
from .machine import AMD_CPU, Guest, Machine, boot_native, boot_xen
from .outcome import Outcome, TestbedError
from .products import products
from .result import Result, Step

__all__ = ["AMD_CPU", "Guest", "Job", "Machine", "Outcome", "Result", "Step", "TestbedError",
           "boot_native", "boot_xen", "products"]
