"""The words of orders to go, come, stay, open and protect. Data; `orders.py` reads it."""

from __future__ import annotations

MOVES = r"""
go
    go|walk|head|run(?! the)|move|come|return|lead|hurry|rush|march|hike|ride|travel|proceed|dash|sprint|jog|stroll
    (?:pop|nip|hop) (?:over|down|up|in|back|by|to)
    get (?:to|over|back|down|up|out|in|home|there|going|moving|you)
    (?:show|take|bring) me
    visit|patrol|guard|man|secure|inspect|check|report to|(?:swing|stop|drop|pop) by
    (?:take|have) a (?:quick )?look|look (?:at|in on)
    make your way
    (?:(?:wait|stand)(?: for <me>)?|meet (?:<me>|them|somebody)|find me) (?:over )?<at>
    <start>(?:off|back|over|down|up|to|home(?= *(?:$|[,.!]|now|please|with)))
needed
    (?:needs?|wants?) you (?:over |back |down |up )?(?:at|in|by|on)
    you are (?:needed|wanted) (?:at|in|by|on)
    let us (?:\w+ )?(?:meet|gather|regroup)(?: \w+)? <at>
leads
    (?:lead|take|bring|walk) (?:<me>|the way)
    show <me> the way
with_somebody
    follow<few> <them>
    stick (?:to|with)<few> <them>
    (?:stay|go|walk|keep|remain|travel|ride|come|head|tag along|hang|run) <close>?<with><few> <them>
    (?:keep an eye|look after|watch over|accompany|escort|join|shadow|tail|help)<few> <them>
    keep <them> company
come_here
    (?:come|get|step|move|walk|hurry|run|go) (?:\w+ )?(?:here|closer|nearer)(?! from)
    come (?:over|to me|quick(?:ly)?|fast|at once)<end>
    (?:^|[,.!] ?)(?:over )?here(?= *(?:$|[!,]))
wanted
    somebody (?:needs?|wants?) you(?! to\b)|somebody is (?:calling|asking|waiting|looking|shouting) for you
sends
    (?:fetch|get|call|warn|wake|alert|see|visit|approach|find|check on) somebody
    see (?:what|how|if|to) somebody
to_somebody
    (?:go|walk|head|run|get|move|come|hurry|rush|step|pop|nip|dash|hop)(?: (?!close|near|with|,)\w+){0,3}? to
    (?:take|bring|carry|deliver) (?:this|these|it|that|them|the|my|some|a|an) (?:\w+ ){0,3}?to somebody
    check(?: up| in)? on|look in on|drop by|pay
    (?:go|run|hurry)(?: and| over| over and)? (?:see|find|tell|ask|visit|wake|fetch|get|meet|help|talk|speak|look for)
    (?:go|run|hurry)(?: and| over| over and)? (?:comfort|greet|warn|join|check)
    (?:visit|find|fetch|wake) (?:somebody|him|her)
with_me
    (?:follow|accompany|escort|join|shadow) <me>
    come (?:along|on with|too|(?:over )?to my)|tag along|keep me company|keep up|catch up with <me>
    (?:come|go|walk|travel|ride|head|run|move|march|hike)<until_and> with <me>
    (?:venture|explore|hunt|fish|mine|swim|sail|stick|hang)<until_and> with <me>
    (?:stay|stick|keep|remain|walk|be|come|trail|fall in|right|close) <right><beside> (?:to |with |at |my )*<my_back>
    (?:stay|stick|keep) (?:close|near|nearby)(?= *(?:[^\w ]|$))
    come (?:and )?(?:see|look at|check out|help)(?! me later)(?= (?:my|our|this|what|the))
    be my (?:\w+ )?(?:companion|guide|escort|partner|sidekick)
    (?:shall we|let us) (?:\w+ )?(?:go|move|get going|head (?:out|off)|leave|roll)(?! (?:back|of)\b)
    <start>(?:with|after|behind|beside|next to) <me>(?= *(?:$|[^\w ]|or\b|too\b|now\b))
    <start>(?:are )?you coming(?= *(?:$|[^\w ]|or\b|too\b|with\b|along\b|now\b))
    <start>come(?: now| please)*<end>
beside
    (?:need|want|like|have) you (?:along|beside <me>|with <me>|(?:at|by) my side)
    <wish> (?:some |your |a bit of |a |an )?(?:company|companion|escort|guide)
    <wish> some(?:one|body) (?:to (?:come|go|travel|walk) )?with me
    (?:let us|we should|we could|shall we|want to) (?:\w+ ){0,3}together
stay
    <rest> <where>(?:here|there|around|outside|inside|home|put|still|tight|behind|in place|on the spot)
    <rest> <where>(?:where you (?:are|stand)|<briefly>)
    (?!keep)<rest> <where>(?:until|while|for (?:<me>|my|our))
    (?!keep)<rest> <where>(?:with|by|at|near|beside|next to) (?:my|our|this|that|the|these) (?!side)\w+
    do not (?:you )?(?:dare )?(?:to )?(?:move|budge|wander|leave(?! (?:anything|it|any|\w+ side)))
    do not (?:you )?(?:dare )?(?:to )?(?:run|walk) (?:off|away)
    do not (?:you )?(?:dare )?(?:to )?(?:take another step|go (?:any\w*|away|off|far)|step)
    (?:guard|watch|mind|keep an eye on|look after|take care of) <the> \w+.{0,30}\b(?:while|until)
    (?:guard|keep watch|stand guard|keep guard)(?: over)? (?:here|this (?:spot|place|door|post))
    (?:stop|quit) (?:walking|moving|running)
    (?:nobody|no one) (?:moves|leaves)|this is as far as you go
    (?:stick|hang|wait) around|linger|(?:sit|rest) down|(?:plant|park|station|post) (?:yourself|it)
    not (?:a|another) (?:step|move|inch)(?! back)
stay_alone
    <alone>(?:stay|wait(?!.*\w.*\?)|halt|freeze|stop moving|wait up|do not (?:move|go|leave)|stay a while)<alone_end>
open
    (?:open|unlock|unbar|unbolt)(?: up)?\b.{0,30}\b(?:door|gate)|(?:open|unlock)(?: up| it)
    let <me> (?:\w+ )?(?:in(?! peace)|inside|through|out|pass)
    (?:get|answer) <the> (?:door|gate)
protect
    cover|guard|protect|defend|shield|keep (?:\w+ )?(?:safe|alive)|watch (?:<my>|over)
    save <me>(?! (?:an?|some|the|one|two)\b)
    look (?:after|out for)|take care of|keep an eye on|stand by
    (?:stay|stand|get|step|come|keep) (?:right )?(?:in )?(?:between|front of)
    be my (?:\w+ )?(?:shield|guard|bodyguard|protector)
    watch somebody(?:'s)? back|(?:got|have) my back
not_to
    <not_told_of>(?:don'?t|do not)(?! you (?:have|need|want|know|like|think|ever)\b)
    (?:i|we) (?:don'?t|do not) (?:really |even )?(?:want|need|wish|like)(?! to (?!<trade>))
    (?<!\bi )(?<!i have )never(?! ?mind)
    no (?:need|reason) to
    stop (?:it|that)(?=\W*$|[,.!])
    (?<!is )(?<!are )no (?!<thing>\b)\w+ing(?! to)
    (?:stop|quit) \w+ing
    better not|must not|mustn'?t|shouldn'?t|should not|needn'?t
    (?<!bet )you (?:can not|may not)
    (?:i|we) (?:won'?t|will not|would not|wouldn'?t|(?:am|are) not|aint|ain'?t)
    leave\b.{0,80}\b(?:alone|off|be|closed|shut)
    let\b.{0,80}\blive
"""
