-- npc:say and npc:converse (think, and say the answer). Neither blocks a step.
-- Words wait for their turn (speech_queue.lua), are typed out (typewriter.lua) and reach players by output.lua.

local log, text, check, npcs, Npc, nearby, language, typewriter, output = ...

local say = {}

local PRIORITIES = {spoken = true, ambient = true, background = true}
local WORDS_MAX_BYTES = 2000 -- four chat messages; more than that nobody says at once

local SAY_FIELDS = {
	to = "string?", reply = "table?", lang = "string?", priority = check.one_of(PRIORITIES), ms = check.number_in(0, 600000),
	on_done = "function?", in_fight = "boolean?", in_bubble_only = "boolean?",
}

-- Say it when it is this NPC's turn. opts: to (name of whom it is said to), reply (of think, for the log), priority
-- ("spoken" lines go first), ms (how long it takes), in_fight (it belongs to the fight that it is in; in one it says nothing
-- else), in_bubble_only (no line in the chat), on_done(was_spoken). False if too much waits to be said already.
function Npc:say(words_said, opts)
	if type(words_said) ~= "string" then error("npc:say: text: want a text, got " .. type(words_said), 2) end
	opts = opts or {}
	check.def("npc:say", opts, SAY_FIELDS)
	local line = text.clean(words_said, WORDS_MAX_BYTES)
	if line == "" then
		if opts.on_done then opts.on_done(false) end
		return false
	end
	return output.enqueue(self, typewriter.new(line), opts)
end

-- Think, and say it; as the words come where a player waits for them, whole where nobody does, which costs a crowd less.
-- opts as of think, without on_delta; on_done(was_spoken) and in_bubble_only as of say; no_stopgap: a fallback line is not said,
-- as among NPCs, where silence is better. callback(reply) comes once, when all words are known.
-- Nothing is said to a player who has left, nor by an NPC that is gone.
function Npc:converse(opts, callback)
	local question = {}
	local speech = {to = opts.player, priority = opts.priority, on_done = opts.on_done, in_bubble_only = opts.in_bubble_only}
	speech.lang = opts.lang or language.between(self, opts.player) or ""
	for key, value in pairs(opts) do question[key] = value end
	question.on_done, question.in_bubble_only, question.no_stopgap = nil, nil, nil
	question.priority = opts.priority or nearby.urgency(self, opts.player)
	local is_player = opts.player and core.get_player_by_name(opts.player) ~= nil
	local typing
	local function is_wanted()
		return npcs.by_id[self.id] == self and not (is_player and not core.get_player_by_name(opts.player))
	end
	local function hear_more(_, all)
		if not typing and is_wanted() then
			typing = typewriter.new()
			output.enqueue(self, typing, speech)
		end
		if typing then typing:hear(text.clean(all, WORDS_MAX_BYTES)) end
	end
	question.on_delta = (question.priority or "spoken") == "spoken" and hear_more or nil
	self:think(question, function(answer)
		speech.reply = answer
		if typing then
			typing:close(not answer.fallback and answer.text or nil)
			-- moderation stopped a reply in the middle, or it broke off before a word was whole: the line in its place follows
			local was_silent = typing:full_text() == "" and not opts.no_stopgap
			if (answer.code == "filtered" or was_silent) and is_wanted() then
				local about = was_silent and answer or nil
				self:say(answer.text, {
					to = opts.player, priority = opts.priority, in_bubble_only = opts.in_bubble_only, reply = about,
				})
			end
		elseif is_wanted() and not (answer.fallback and (opts.no_stopgap or answer.code == "repeated" and not is_player)) then
			self:say(answer.text, speech)
		elseif speech.on_done then
			speech.on_done(false)
		end
		if callback then callback(answer) end
	end)
end

-- Think and speak, one thing at a time: `npc.is_answering` is set until the reply is there. callback(npc or nil if gone,
-- reply).
function say.answer_once(npc, opts, callback)
	local id = npc.id
	npc.is_answering = true
	local ok, problem = pcall(npc.converse, npc, opts, function(reply)
		npc.is_answering = nil
		callback(npcs.get(id), reply)
	end)
	if ok then return end
	npc.is_answering = nil
	log("error", ("%s could not be asked: %s"):format(id, tostring(problem)))
end

return say
