-- What NPCs say in a fight: short lines by rule, at once, in the listener's language. `{player}` is whom it is about.
-- No model is asked: its words would come when the fight has moved on.

local settings, text, translate, language, lines, history = ...

local WARNING = {
	"Step back, {player}, or say that you are sorry. I will not ask twice.", "Hands off, {player}! Say sorry and go, or we fight.",
	"That hurt, {player}. Say sorry and step away, or draw.", "Last warning, {player}: step back, or say sorry!",
}
local CRY = {
	"Have it your way, {player}!", "You asked for it, {player}!", "Defend yourself, {player}!", "To arms! At {player}!",
}
local CRY_AT_BEAST = {
	"To arms! A beast!", "Beware! Stay behind me!", "Drive it off, before it bites!", "To me! It must not get through!",
}
local TOLD = {"At once!", "As you say. Watch me!", "To arms, then!", "Leave that to me!"}
local BROKEN_WORD = {"So much for your word, {player}!", "You said that you were sorry, {player}. No more talk!"}
local STEPPED_BACK = {
	"Good. Keep your distance, {player}.", "Wise of you, {player}. Go in peace.", "So be it. No harm done, {player}.",
}
local PARDON = {
	"Very well, {player}. It is forgotten.", "I take your word, {player}. Peace.", "Peace then, {player}. Do not try it again.",
}
local TOO_LATE = {"Too late for words, {player}!", "You said that before, {player}!"}
local YIELD = {"Enough, {player}! I yield.", "Stop, {player}, you have won!", "I give up, {player}. Let me be."}
local HELP = {"Help! Help!", "Somebody help me!", "Leave me alone!", "Guards! Help!"}
local STAND_DOWN = {"As you wish, {player}. I stop.", "Enough, then.", "I put my blade away, {player}."}
local STANDS_BY = {"I stand by you, {player}.", "Nothing gets past me, {player}."}
local BUSY = {"Not now, {player}!", "Later, {player}! I have my hands full."}
local SPARES = {"I do not raise my hand against {player}.", "No. {player} has done nothing to deserve that."}
local NO_FIGHTER = {"I am no fighter, {player}.", "Me? Fight? Ask a guard, {player}."}

local LINES = {
	warning = WARNING, cry = CRY, cry_at_beast = CRY_AT_BEAST, told = TOLD, broken_word = BROKEN_WORD, stepped_back = STEPPED_BACK,
	pardon = PARDON, too_late = TOO_LATE, yield = YIELD, help = HELP, stand_down = STAND_DOWN, busy = BUSY, spares = SPARES,
	no_fighter = NO_FIGHTER, stands_by = STANDS_BY,
}
-- Those that only colour a fight; an admin may have it without.
local BATTLE_CRIES = {cry = true, cry_at_beast = true, told = true, broken_word = true, help = true}

local cries = {kinds = LINES}

-- kind: of LINES. whom: a player's name, or words for what the line is about. to: the player it is said to, if any.
function cries.say(npc, kind, whom, to)
	if BATTLE_CRIES[kind] and not settings.battle_cries then return end
	local line = translate.line(language.between(npc, to), lines.choose(LINES[kind], npc, math.random))
	line = text.fill(line, whom or "")
	if to then history.add(to, npc, npc.name, line) end
	npc:say(line, {to = to, priority = "spoken", in_fight = true})
end

return cries
