"""The words of orders in a fight. Data; `orders.py` reads it."""

from __future__ import annotations

# What an order is, by the name of its action.
ORDERS = r"""
retreat
    (?:fall|pull|get|back|every(?:one|body)) (?:back|off|out|up)
    retreat\w*|withdraw\w*|disengage\w*
    (?:move|step|go|run) back
    (?:have|need|got) to (?:go|leave|get out|run)
    (?:^|[,.!] ?)back<end>
hold
    (?<!not )hold(?! (?:on|it off|them off)\b)
    (?:stand|keep|hold) (?:your|the) (?:ground|line|position)|stand (?:firm|fast|down)|stay put|(?:not|give) an inch
    (?:nobody|no one) (?:runs|flees|leaves|moves|retreats)
    cease fire|(?:^|[,.!] ?)stop<end>
call_help
    <call>\b.{0,80}\b(?:help|others|guards?|backup|reinforcements?|support|aid|assistance)
    help(?= !)|(?:someone|somebody|anyone) help|help us(?= *(?:$|[!.,]|some|any))
    (?:more|need) (?:men|guards|hands|people|fighters|swords)
    (?:raise|sound|ring|blow) the (?:alarm|alert|bell|horn)
    (?:alert|warn|rally|summon) (?:the|your|our|every)
flank
    flank\w*|circle
    (?:the|to|from|go|its|his|her|their|our|my|move|swing) (?:left|right)(?! (?:now|away)\b)
    (?<!on )your (?:left|right)
    (?:go|move|run|come|attack|hit|strike|get|take|swing|stay)\b.{0,30} on (?:the|your|its|his|her|their) (?:left|right)
    (?:left|right) (?:side|flank)
    around (?:them|it|him|her|the|that|behind|back)|go around
    (?:from|get|go|come|sneak|attack) (?:up )?(?:the side|behind)
flee
    flee|run (?:for|away|now)|save yourself|escape|bail|scatter|leg it
    get the \w+ (?:out|away)
    get away(?! from)|get to safety|make a run for it|every (?:man|one|woman) for (?:himself|themselves|herself)
    run(?= *(?:[!.,]|$))
"""
ATTACKS = r"""
strikes
    (?:attack|kill|slay|fight|strike|hit|shoot|stab|destroy|finish|smash|get|stop|distract|occupy) (?:<it>|back)
    attack|open fire|fire at|keep <it> (?:busy|occupied)
    (?:take|bring|put|cut) (?:it|him|her|them|that thing) (?:down|out)
    (?:fight|strike|charge|shoot)(?: back| now)?<end>
no_inch
    (?:do not|never|not) (?:\w+ )?(?:give|lose|yield)? ?(?:an inch|ground|a step back|give way)
help
    (?:help|save|rescue|aid|support|assist|stay (?:on|with|by|near)) somebody
    somebody (?:needs? (?:help|us|you|saving)|is (?:in trouble|down|hurt|dying|surrounded|in danger))
"""
# Before somebody's name.
BEFORE_FOE = r"""
always
    attack|kill|slay|fight|strike|beat|punch|hit|hurt|stab|shoot|smash|finish|destroy|crush|charge|murder|eliminate
    slaughter|target|engage|focus(?: on)?|sic|smack|bash|wreck|deal with|get rid of|distract|no mercy (?:for|to)
    (?:go|fire|aim|shoot|swing) (?:for|after|at)
    take (?:down|out|on|care of)|(?:bring|put|cut|strike) down
in_fight
    get|take|stop|handle|chase|rush|on|bring|yours is|occupy
    (?:get|take|stop|handle) (?:\w+ ){1,2}(?:one|guy|thing|beast|brute|fellow) ,
"""
