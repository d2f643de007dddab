"""Players who speak: the microphones that games asked for (`listen`), and the page that is one (`GET /voice`).

`microphones`: codes, tokens, and what each may do. `guesses`: how often a code may be tried. `wav`: what the page
sends. `page/`: its files, plain ES modules. Knows no recogniser.
"""
