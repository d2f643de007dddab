"""The way of a request through the daemon, in order:

    router.py      the ROUTER socket and all that is answered at once          (router thread)
    memory_desk.py what is kept of replies, and the memory's ops               (router thread)
    wire.py        bytes ↔ records                                             (pure)
    intake.py      record → checked Request (validate.py), reply → record      (pure)
    cache.py       known replies; cache_lmdb.py over _store, _record, _files   (one writer thread)
    window.py      who waits, who may go now                                   (pure)
    inference.py   the loop around the engine: who may go                      (inference thread)
    sequences.py   all running sequences: slots, twins, pauses                 (inference thread)
    prefix.py      computed beginnings; prefix_tree.py finds them, prefix_store.py saves them (a writer thread)
    pace.py        what work costs, width.py how many sequences pay            (pure)
    live.py        one running sequence and who waits for it, text.py its words, say.py those of a
                   reply with an action                                       (pure)

request.py holds what travels, meters.py what is counted. Nothing in here knows HTTP or what an NPC says.
"""
