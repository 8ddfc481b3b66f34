"""Hit ratios of the reference simulator: libcachesim's policies over traces that the bench wrote.

Arguments: the folder of the traces, then `trace:keys:policies` each (how many objects the cache holds, and the
simulator's policies with commas between). Prints
`trace keys policy ratio` a line. A trace is in libcachesim's oracleGeneral format; sizes are ignored.
"""

import sys

import libcachesim as simulator

POLICIES = {
    "LRU": simulator.LRU,
    "LFU": simulator.LFU,
    "S3-FIFO": simulator.S3FIFO,
    "SIEVE": simulator.Sieve,
}


def ratio(policy, path, keys):
    """Hits over requests."""
    reader = simulator.TraceReader(
        path,
        simulator.TraceType.ORACLE_GENERAL_TRACE,
        simulator.ReaderInitParam(ignore_obj_size=True),
    )
    misses, _ = POLICIES[policy](keys).process_trace(reader)
    return 1 - misses


folder = sys.argv[1]
for pair in sys.argv[2:]:
    trace, keys, policies = pair.split(":")
    for policy in policies.split(","):
        print(trace, keys, policy, f"{ratio(policy, f'{folder}/{trace}.trace', int(keys)):.6f}", flush=True)
