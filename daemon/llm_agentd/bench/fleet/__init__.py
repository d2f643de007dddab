"""`bench fleet`: an evening of 1,000 or 10,000 NPCs over several real daemons, with what goes wrong on such evenings.

evening.yaml has the numbers, evening.py reads them, trace.py makes the questions of them, records.py words them as the
mod does. fleet.py starts the daemons (stub_daemon.py), game_server.py asks them, tally.py counts what became of each
question, and daemon_usage.py what they took. scenes.py plays an evening; ceiling.py measures how much goes through at
most, against a bare echo; prediction.py says on paper how many daemons it takes; report.py and plot.py show it all.
"""

from llm_agentd.bench.fleet.bench import measure

__all__ = ["measure"]
