"""The words by which things are handed over, asked for, bought and sold. Data; `orders.py` reads it."""

from __future__ import annotations

GOODS = r"""
gives
    take (?:this|these|it|them|my)(?! (?:\w+ )?to )
    a (?:gift|present) (?:for|from)
    (?:is|are|s|gift|present|one|some) for you
    \d+ \w+ for you
    all yours|i give you|i brought you|have this|keep (?:it|them|this)
takes
    take|accept|keep|have|hold (?:on to |onto )?(?:this|these|my)
    here(?: is| are)?(?= (?!with|on|for a)\w)
    (?:^|[,.!] ?)catch
hands_over
    yours|(?:for|brought|bring|give|giving|got) you|for your|you can (?:have|keep|take)|you (?:gift|present)
    your (?:gift|present)|a (?:gift|present)
withholds
    you (?:can ?not|may not|will not|do not get to|are not going to|should not) (?:have|take|get|keep|touch)
    (?:get |keep )?(?:your )?hands off|not for you|not yours
asks_for
    (?:give|hand|pass|get|bring|fetch|throw|lend|toss|loan|slip|chuck|share) (?:over )?(?:<me>|an?|one|<the>)
    spare|hook <me> up|hand over
    (?:can|could|may|might|mind if) (?:i|we) <adverbs>(?:have|get|take|borrow|grab|use|steal|bum)
    let <me> (?:have|borrow|take|get)|help <me> out with
    (?:i|we) <adverbs>(?:could <adverbs>(?:use|do with|kill for)|would <adverbs>(?:like|love|take|kill for))
    (?:i|we) (?:am |are )?<adverbs>(?:need|want|dying for|in need of|will (?:have|take))
    could <adverbs>use|(?:trouble|bother|beg|ask) you for|mind (?:an?|some|one|two|three|\d+)
    (?:(?:^|[^\w ] )|(?:got|have) )any (?:\w+ )?\w+ (?:for <me>|to spare|left)
buys
    buy|purchase|(?:give|get|hand|sell|pass|bring|wrap) me|let me (?:have|get|buy)|gimme|lemme get|wanna buy
    (?:i|we)(?:'?ll| will) (?:take|have|get|grab|go for)
    i'?d (?:like|love|take)|(?:i|we) (?:\w+ )?(?:would like|need|want)
    i'?m after|looking for|in (?:need|want) of|interested in|down for|(?:here|came|come) for|here to buy
    (?:can|could|may) (?:i|we) (?:\w+ )?(?:get|have|buy|grab|take)
    ^\W*need
    (?:gonna|going to|gotta|have to|got to) (?:need|get|buy|have)
    of (?:those|these|your|them)|deal|business|trade
begs
    free|gift|present|spare|poor|for nothing|kindness|mercy|no (?:coins?|money|gold)
    (?:am|i'?m|so|too|flat|totally|really|being) broke
sells
    sell(?:ing)? (?:you|u|this|my|these|some|a|an)|want to sell|buy (?:this|my|these)|here is
    (?<!can )(?<!could )(?<!may )i (?:have|got)
offers
    take|accept|give (?:you|u)|offer|pay|how about|what about|make it|say|only|coins?|for (?:it|the|that|\d+)
"""
